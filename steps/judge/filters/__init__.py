"""Which requests count, and for which arm, before anything is judged."""
