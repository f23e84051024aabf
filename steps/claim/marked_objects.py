"""The VirtualServices that carry our annotations, and nothing else of them: there may be thousands, of any size."""

from steps.claim.annotations import annotations_of
from steps.claim.observed import name_of
from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import VIRTUAL_SERVICE
from steps.cluster.pages import pages_of
from steps.model.run import OUR_ANNOTATIONS, ObjectName


def marked_objects(cluster: Cluster, namespace: str | None) -> dict[ObjectName, Object]:
    """Return the name and our annotations of each VirtualService of a namespace (None: of all) that has any.

    The label that claimed objects carry is not asked for: anyone who can edit an object can remove it.
    """
    found: dict[ObjectName, Object] = {}
    for page in pages_of(cluster, VIRTUAL_SERVICE, namespace):
        for obj in map(only_marks, page):
            if annotations_of(obj):
                found[name_of(obj)] = obj
    return found


def only_marks(obj: Object) -> Object:
    """Return an object's name, and those of its annotations that are ours."""
    kept = {key: text for key, text in annotations_of(obj).items() if key.startswith(OUR_ANNOTATIONS)}
    meta = obj["metadata"]
    named = {key: meta[key] for key in ("namespace", "name", "uid") if key in meta}
    return {"metadata": {**named, "annotations": kept}}
