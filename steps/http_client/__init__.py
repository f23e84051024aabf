"""HTTP to servers that may be hostile: every request has a deadline, every answer a maximum size."""
