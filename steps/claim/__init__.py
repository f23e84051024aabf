"""The claim of a run: who may write, how far the run is, and what every pod of it must know.

A claim is a token `run:epoch:phase` and a state (JSON), both annotations of the VirtualServices that the run controls.
The first VirtualService in sort order is the anchor: its copy decides, it is taken first and released last. The token
alone stands on the Deployments, too. Every write tests the token that was read, so that a slow writer of an older claim
is refused by the API server.

    keys, token, state, record   what our annotations are called and hold (pure)
    annotations                  claims on an object, as JSON Patch operations (pure)
    observed, lookup             claims as the annotations show them, and those that are in the way
    errors                       the claim is held, expired or corrupt
    guarded_write                read, decide, patch, again after a conflict
    acquire, takeover, renewal   become and stay the owner
    transition, verdicts         change phase and state
    release                      leave nothing but the record
    deployments                  the token on Deployments, and writes under it
    events                       Kubernetes Events about a run
"""
