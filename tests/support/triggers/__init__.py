"""Listeners of Tekton Triggers on paper, and the messages of registries that they are tested with."""
