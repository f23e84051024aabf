"""Writes the Tekton bundle: the Tasks and Pipelines of tekton/ as an OCI image, which Tekton's bundles resolver reads.

It is written with the standard library and pushed with requests: Tekton's own command would be a Go program to build
first, and clients of registries on PyPI push files but cannot write an image layout.
"""
