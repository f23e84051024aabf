"""Writes the Helm chart charts/canary-steps from workflows/, tekton/ and one table of values: `make docs`."""
