"""VirtualServices: find the routes of the two arms, claim them, and move weight between the arms.

A step uses `Traffic` (traffic.py for acts, reading.py for questions) and the signals of owners.py; the rest is inside.

    keys, stamp, memory, record     what our annotations are called and hold (pure)
    destinations, routes, foreign   what a VirtualService object says (pure)
    patches, stamping               the only writes there are, as JSON Patch (pure)
    fence                           read, plan, patch, again after a conflict
    sightings, finding, rivals      claims as the annotations show them
    resolving, subsets              the checks before a run
    taking, takeover, upkeep        become and stay the owner
    weighing, retreating, releasing the writes of an owner
    unclaimed, events               a weight without a claim; Events
"""

from steps.claim.errors import Busy, Leftover, Unreadable
from steps.traffic.traffic import Traffic

__all__ = ["Busy", "Leftover", "Traffic", "Unreadable"]
