"""VirtualServices: find the routes of the two arms, and move weight between the arms.

A step uses `Traffic`; the rest is inside. Who may write is decided by the claim, see `steps.claim`.

    destinations, routes, ports   what a VirtualService says (pure)
    checks, subsets               the checks before a run
    drift, managers               weights that are not as the run last wrote them, and who wrote them
    weights, retreat              the only writes there are
    rbac                          what the accounts need
"""

from steps.traffic.traffic import Traffic

__all__ = ["Traffic"]
