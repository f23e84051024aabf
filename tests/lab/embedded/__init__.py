"""The embedded lab: real Envoy, real Prometheus, real traffic; a stand-in for Kubernetes and its controllers."""
