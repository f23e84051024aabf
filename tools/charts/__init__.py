"""Generators of the charts."""
