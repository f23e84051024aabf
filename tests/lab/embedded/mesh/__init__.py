"""The mesh: Envoy configured from VirtualServices, DestinationRules, Services and pods, by files."""
