"""The benchmark's world: raw Istio counters of simulated rollouts, behind the Prometheus API."""
