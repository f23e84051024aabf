"""The demo app: one tiny HTTP server with configurable faults."""
