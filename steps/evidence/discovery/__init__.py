"""What this Prometheus has: names, labels, units and reporters, found with a few queries."""
