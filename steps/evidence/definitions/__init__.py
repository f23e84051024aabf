"""What each metric reads: its series, its classes of requests, and which of them are bad."""
