"""`make bench`: what a step costs to start, and what a judgement costs; figures with their targets."""
