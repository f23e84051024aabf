"""VirtualServices: find the routes of the two arms, and move weight between the arms. Only weights are written.

A step uses `Traffic` (traffic.py). Who may write is decided by the claim, see steps/claim/: writes go through its
amend.py, so that weights, token and state change in one patch.

    destinations, routes, ports   what a VirtualService says, and the operations that set a weight (pure)
    checks, subsets               the checks before a run
    drift, managers               weights that are not as the run last wrote them, and who wrote them
    weights, retreat              the writes: a weight on all routes of a run, or all weight back to stable
    senders                       routes of any VirtualService in reach that send requests somewhere
    rbac                          permissions of the accounts

weights, retreat and drift reach a route only by `locate`, `locate_all`, `stranded` and `weigh` of routes.py. The shape
of a VirtualService is known in routes, destinations, ports, checks, subsets, senders and
managers.
"""
