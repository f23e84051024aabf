"""Writes Tekton Tasks, StepActions, samples and READMEs from the steps' settings, and the Pipelines: `make docs`."""
