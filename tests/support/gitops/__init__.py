"""The tools that keep a cluster as a manifest has it: how they write, what they ignore, and objects to try them on."""
