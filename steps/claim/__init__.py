"""The claim of a run: its annotations on VirtualServices and Deployments."""
