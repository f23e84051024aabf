"""The claim of a run: who may write, how far the run is, and what each of its steps must know.

A claim is a token `run:epoch:phase` and a state (JSON). Both are annotations of the VirtualServices that the run
controls. The first VirtualService in sort order is the anchor: its copy decides, it is written first when the claim is
acquired and last when it is released. The token also stands on the Deployments of the run. Every write tests the token
that was read, so the API server refuses a slow writer of an older claim.

A step uses `Claims` (claims.py) and the errors of errors.py; workload writes Deployments with deployments.py, and
traffic writes routes with amend.py. What routes must look like is not known here: callers hand in a check.

    keys, token, state, record    names and contents of our annotations (pure)
    strict_json, fields           how they are read, since anybody may have written them (pure)
    annotations, expiry           JSON Patch operations for them, and when a claim expires (pure)
    observed, lookup              claims as the annotations show them; which of them compete for the same routes
    errors                        the claim is held, expired or corrupt
    guarded_write                 read, decide, patch; again after a conflict
    amend                         the one way in which an owner writes a VirtualService
    acquire, takeover, renewal    become and stay the owner
    transition, verdicts          change phase and state, keep the verdicts of rungs
    unclaimed                     keep a late prepare from claiming what is left of a run that was ended
    release, last_record          remove everything but the record, and read it
    ownership                     whose a Deployment is, by the token and the holder on it (pure)
    deployments                   the token on Deployments, and writes under it
    events                        Kubernetes Events about a run
"""
