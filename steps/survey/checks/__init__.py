"""What may be in the way of a release: one file per kind of problem, all of them pure.

Each `check_...` takes a survey and the arms and returns problems with remedies to copy. `all_checks.py` runs them all.
"""
