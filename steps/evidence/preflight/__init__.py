"""Checks of Prometheus before the canary gets requests; each fault names what is there instead."""
