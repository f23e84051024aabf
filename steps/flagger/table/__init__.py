"""The decision for every field of Flagger's custom resources (v1.44), as data."""
