"""The connection to the Kubernetes API server, shared by `traffic` and `workload`.

It knows HTTP verbs, retries, server time and errors; what objects mean is known in those two packages only.
"""
