"""Metrics of releases for Prometheus: which series there are, their samples, their text, and how they leave a step."""
