"""Groundwork: what an app needs in its cluster before its first release, as objects to be applied. Only reads."""
