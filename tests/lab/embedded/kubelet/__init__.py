"""Stand-ins for what makes objects real: Deployment and ReplicaSet controllers, scheduler, kubelet."""
