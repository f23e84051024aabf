"""Container registries: what a tag means now, read by the distribution API."""
