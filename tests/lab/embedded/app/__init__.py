"""The demo app: one tiny HTTP server whose faults are turned on by knobs."""
