"""The canary against stable: one result for each metric, and all of them combined."""
