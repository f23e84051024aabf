"""Container registries: the digest behind a tag, read through the distribution API."""
