"""The connection to the Kubernetes API server.

It handles HTTP verbs, retries, server time and errors; it does not know what the objects mean.
"""
