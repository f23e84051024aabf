"""Statistics of counts: e-processes, overdispersion, bursts, exact tests. Nothing here decides a verdict."""
