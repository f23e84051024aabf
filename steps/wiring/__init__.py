"""Build the collaborators of a step from its settings: here a setting meets the code that uses it.

A step file has a function `run`, which gets its collaborators as arguments, and a function `main`, which builds them
with the functions of this package. Nothing below knows settings: traffic, workload, evidence and judge get plain
values. Each function builds one thing and sends no request, so a step builds only what it uses, and its imports stay
few: it has to reach the API server within a few tenths of a second after its start.

    cluster.py     the API server (or a dry run of it), the objects of the release, the time limits of a teardown
    names.py       the names of these objects: given, of the claim, by convention, or inferred
    evidence.py    the reader of metrics: access to Prometheus, labels of the arms, custom metrics
    judging.py     the judge's rules
    probing.py     the sender of probes, and the check that tries them on stable first
    baseline.py    which settings work with a baseline
    analysis.py    what an analysis may have besides Prometheus: the recording, the progress file

A new setting that the cluster, the evidence or the judge needs is passed on in one of these files. A setting that only
one step needs is read in that step's `run`.
"""
