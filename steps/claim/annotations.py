"""A claim's annotations and label on an object as it was read, as JSON Patch operations. Pure."""

from collections.abc import Iterable, Mapping

from steps.claim.keys import approval_key, claim_key, state_key
from steps.claim.state import dump_state
from steps.cluster import json_patch
from steps.cluster.api import Object, Operation
from steps.cluster.connection import USER_AGENT
from steps.model.run import CLAIM_PREFIX, CLAIMED_LABEL, Claim

CLAIMED = "true"


def annotations_of(obj: Object) -> Mapping[str, str]:
    """Return the annotations, {} where there are none."""
    return obj["metadata"].get("annotations") or {}


def labels_of(obj: Object) -> Mapping[str, str]:
    """Return the labels, {} where there are none."""
    return obj["metadata"].get("labels") or {}


def expect_unchanged(obj: Object) -> list[Operation]:
    """Test that nobody wrote the object since it was read.

    Absence cannot be tested otherwise: servers disagree about `test` of null on a path that is not there.
    """
    return [json_patch.expect(obj["metadata"]["resourceVersion"], "metadata", "resourceVersion")]


def expect_annotations(obj: Object, keys: Iterable[str]) -> list[Operation]:
    """Test that annotations are as they were read; those that were absent are not tested."""
    present = annotations_of(obj)
    return [json_patch.expect(present[key], "metadata", "annotations", key) for key in keys if key in present]


def expect_token(obj: Object, app: str) -> list[Operation]:
    """Test that the claim on the object is as it was read: same owner, same phase."""
    return expect_annotations(obj, [claim_key(app)])


def edit_annotations(obj: Object, changes: Mapping[str, str | None]) -> list[Operation]:
    """Set annotations, or remove them (None), where they are not so already."""
    return _edit(obj, "annotations", annotations_of(obj), changes)


def add_label(obj: Object) -> list[Operation]:
    """Set the label that marks a claimed object where it is lost; a patch without other tests needs `expect_labels`."""
    return _edit(obj, "labels", labels_of(obj), {CLAIMED_LABEL: CLAIMED})


def expect_labels(obj: Object) -> list[Operation]:
    """Test that `add_label` replaces nobody's labels: where there were none, the object must be as it was read."""
    return [] if obj["metadata"].get("labels") is not None else expect_unchanged(obj)


def remove_label(obj: Object, claim_annotation: str) -> list[Operation]:
    """Remove the label, unless another app has a claim on the object, too."""
    others = [key for key in annotations_of(obj) if key.startswith(CLAIM_PREFIX) and key != claim_annotation]
    return [] if others else _edit(obj, "labels", labels_of(obj), {CLAIMED_LABEL: None})


def expect_managers(obj: Object) -> list[Operation]:
    """Test that the entries of `managedFields` which `remove_managed_fields` removes stand where they were read.

    Controllers write the status of a Deployment all the time, so a test of its resourceVersion would hardly ever hold.
    """
    entries = obj["metadata"].get("managedFields") or []
    return [
        json_patch.expect(USER_AGENT, "metadata", "managedFields", place, "manager")
        for place, entry in enumerate(entries)
        if entry.get("manager") == USER_AGENT
    ]


def remove_managed_fields(obj: Object) -> list[Operation]:
    """Remove our entries of `managedFields`.

    Writing a weight makes us the manager of `spec.http`; left there, the next server-side apply by a GitOps tool that
    changes a route would be refused as a conflict with us.
    """
    entries = obj["metadata"].get("managedFields") or []
    ours = [place for place, entry in enumerate(entries) if entry.get("manager") == USER_AGENT]
    if ours and len(ours) == len(entries):
        # An empty list means "as it was" to the server, one empty entry means "nobody".
        return [json_patch.add([{}], "metadata", "managedFields")]
    return [json_patch.remove("metadata", "managedFields", place) for place in reversed(ours)]


def write_annotations(obj: Object, claim: Claim) -> list[Operation]:
    """Return the operations that make the object the claim's, if nobody wrote it since it was read."""
    values = {claim_key(claim.app): claim.token, state_key(claim.app): dump_state(claim.app, claim.state)}
    return [*expect_unchanged(obj), *edit_annotations(obj, values), *add_label(obj)]


def update_annotations(obj: Object, claim: Claim) -> list[Operation]:
    """Return the operations that bring token and state up to date, if both are as they were read; [] if they are.

    A label that somebody removed comes back with the same patch.
    """
    keys = (claim_key(claim.app), state_key(claim.app))
    values = (claim.token, dump_state(claim.app, claim.state))
    edits = edit_annotations(obj, dict(zip(keys, values, strict=True)))
    return [*expect_annotations(obj, keys), *expect_labels(obj), *edits, *add_label(obj)] if edits else []


def remove_annotations(obj: Object, app: str, changes: Mapping[str, str | None] | None = None) -> list[Operation]:
    """Return the operations that remove everything of a claim, if nobody wrote the object since it was read.

    Args:
        obj: as read.
        app: the claim's.
        changes: further annotations to set in the same patch.
    """
    gone: dict[str, str | None] = {claim_key(app): None, state_key(app): None, approval_key(app): None}
    edits = [
        *edit_annotations(obj, {**gone, **(changes or {})}),
        *remove_label(obj, claim_key(app)),
    ]
    return [*expect_unchanged(obj), *edits, *remove_managed_fields(obj)]


def _edit(obj: Object, part: str, present: Mapping[str, str], changes: Mapping[str, str | None]) -> list[Operation]:
    operations: list[Operation] = []
    for key, value in changes.items():
        if value is None and key in present:
            operations.append(json_patch.remove("metadata", part, key))
        if value is not None and present.get(key) != value:
            operations.append(json_patch.add(value, "metadata", part, key))
    if operations and obj["metadata"].get(part) is None:
        operations.insert(0, json_patch.add({}, "metadata", part))
    return operations
