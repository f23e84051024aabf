"""Listeners of Tekton Triggers evaluated without a cluster, and the registries' messages that they are tested with."""
