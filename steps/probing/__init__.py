"""Deep health checks: requests sent to canary and stable side by side, and whether the answers are right."""
