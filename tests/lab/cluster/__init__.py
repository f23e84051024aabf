"""The cluster lab: a Kubernetes cluster of real parts, built from source and run on one machine."""
