"""Runs the controllers, and each pod as a process: scheduler and kubelet."""
