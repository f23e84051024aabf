"""`make bench`: what a step costs to start, and what a judgement costs; figures stand beside their targets."""
