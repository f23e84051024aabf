"""Flagger's Canary manifest as settings: what becomes of each of its fields, and why.

`documents` finds the Canary and what belongs to it in a file; `table/` has a decision for every field of Flagger's
custom resource, as data; `fields` walks through a manifest by that table, so that no field is dropped silently;
`weights`, `metrics`, `webhooks` and `service` translate what needs more than a row; `conversion` puts all of it
together as settings and an account, line by line. Pure: nothing here reads a file or a cluster.
"""
