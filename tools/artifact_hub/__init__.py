"""Writes what Artifact Hub needs to list the charts, Tasks, StepActions and Argo templates: `make docs`."""
