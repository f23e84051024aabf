"""What the annotations of a VirtualService say about claims, and how a claim spread over several is put together.

Each VirtualService of a run carries the token and the memory as of its own last write. The memory of the first one (in
sort order), the holder, is the one that counts; the others' copies lead to it, and stand in for it when it is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from steps.claim import state as memories
from steps.claim import token as stamps
from steps.claim.annotations import annotations
from steps.claim.errors import Unreadable
from steps.claim.keys import claim_key, memory_key, short
from steps.claim.token import Stamp
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.model.run import CLAIM_PREFIX, Claim, Memory, ObjectName


@dataclass(frozen=True, slots=True)
class Sighting:
    """A claim as one VirtualService shows it.

    Args:
        at: the VirtualService.
        app: the claim's application.
        stamp: its token.
        memory: the memory as of the last write to this VirtualService.
    """

    at: ObjectName
    app: str
    stamp: Stamp
    memory: Memory

    @property
    def holder(self) -> ObjectName:
        """The VirtualService whose memory counts."""
        return self.memory.targets[0].virtual_service

    def is_part_of(self, claim: Claim) -> bool:
        """Tell whether this is the claim, or what a takeover killed halfway left of its predecessor."""
        holder = claim.memory.targets[0].virtual_service
        behind = self.at != holder and self.holder == holder and self.stamp.epoch < claim.epoch
        return behind or self.stamp.is_of(claim)

    def as_claim(self) -> Claim:
        """Return the claim as it is seen here."""
        return Claim(self.app, self.stamp.run, self.stamp.epoch, self.stamp.phase, self.memory)


def name_of(obj: Object) -> ObjectName:
    """Return an object's name."""
    return ObjectName(str(obj["metadata"].get("namespace") or ""), str(obj["metadata"]["name"]))


def sighting(obj: Object, app: str) -> Sighting | None:
    """Return what an object says about an app's claim, None if nothing.

    Raises:
        Unreadable: token or memory are not as we write them.
    """
    present = annotations(obj)
    token, text = present.get(claim_key(app)), present.get(memory_key(app))
    if token is None:
        return None
    try:
        if text is None:
            raise ValueError(f"annotation {memory_key(app)} is missing")  # noqa: TRY301 - told with the others below
        known, memory = memories.load(text)
        if short(known) != short(app) or not memory.targets:
            raise ValueError(f"annotation {memory_key(app)} belongs to {known!r} or has no targets")  # noqa: TRY301
        return Sighting(name_of(obj), known, stamps.parse(token), memory)
    except ValueError as error:
        cause = (
            f"annotation {claim_key(app)} is {token!r}, but the claim cannot be read: {error}. Bring the weights in"
            f" order by hand, then: kubectl annotate virtualservice -n {name_of(obj).namespace} {name_of(obj).name}"
            f" {claim_key(app)}- {memory_key(app)}-"
        )
        raise Unreadable(f"reading the claim on VirtualService {name_of(obj)}", cause) from error


def apps_on(obj: Object) -> list[str]:
    """Return the apps (as keys carry them) that have a claim on an object."""
    return sorted(key.removeprefix(CLAIM_PREFIX) for key in annotations(obj) if key.startswith(CLAIM_PREFIX))


def whole_claim(cluster: Cluster, seen: Sighting, known: Mapping[ObjectName, Object]) -> Claim:
    """Put the claim together: with the holder's phase and memory.

    A holder that no longer knows of this VirtualService (deleted, released or claimed anew for others) leaves the
    copy here as a claim of its own, so that sweep can bring this VirtualService in order, too.

    Args:
        cluster: to read the holder.
        seen: the claim as one VirtualService shows it.
        known: objects that were read already.
    """
    if seen.holder == seen.at:
        return seen.as_claim()
    holder = known.get(seen.holder) or cluster.find(VIRTUAL_SERVICE, seen.holder.namespace, seen.holder.name)
    held = sighting(holder, seen.app) if holder is not None else None
    if held is not None and any(target.virtual_service == seen.at for target in held.memory.targets):
        return held.as_claim()
    here = tuple(target for target in seen.memory.targets if target.virtual_service == seen.at)
    return replace(seen.as_claim(), memory=replace(seen.memory, targets=here))
