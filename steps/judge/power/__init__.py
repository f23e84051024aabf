"""Power: the smallest effect that would have been caught, or will be by the deadline."""
