"""Automated canary analysis for Istio without an operator: the steps of a release, one sub-command each."""
