"""Checks that need no comparison: objectives, weight 100, pods, probes, sample size and sample ratio."""
