"""Settings of the steps: flag > environment CANARY_* > canary.yaml > default, refused with path, value and range."""
