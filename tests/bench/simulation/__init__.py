"""The benchmark's simulation: raw Istio counters of simulated rollouts, behind the Prometheus API."""
