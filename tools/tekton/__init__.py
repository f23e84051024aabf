"""Generates tekton/: Tasks, StepActions, samples and READMEs from the settings of the steps, and the Pipelines."""
