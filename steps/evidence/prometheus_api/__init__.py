"""The HTTP API of Prometheus: one query in, one checked response out, or an error with its remedy."""
