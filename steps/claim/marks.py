"""What a Deployment carries of a claim: the token of each app, and one annotation that names the holder. Pure.

The token is in `canary-steps.io/claim.<app>`, as on VirtualServices, and every write tests it. The holder is in
`canary-steps.io/held-by`, one key for all apps: the app and the VirtualService that holds its claim. So two apps, or
two VirtualServices of one app, cannot both own a Deployment, and a claim of one VirtualService cannot pass for that of
another. A Deployment of a claim by an older image has no holder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steps.claim.annotations import annotations_of
from steps.claim.keys import shorten_app
from steps.claim.token import Token, parse_token
from steps.cluster import json_patch
from steps.cluster.api import Object, Operation
from steps.model.run import CLAIM_PREFIX, HOLDER_KEY, Claim, ObjectName


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose claim a Deployment belongs to.

    Args:
        app: the application.
        anchor: the VirtualService that holds the claim.
    """

    app: str
    anchor: ObjectName

    def __str__(self) -> str:
        return f"{self.app} {self.anchor}"


@dataclass(frozen=True, slots=True)
class Mark:
    """One app's token on a Deployment.

    Args:
        key: the annotation.
        text: its value.
        token: the value as a token, None if it cannot be read.
    """

    key: str
    text: str
    token: Token | None

    @property
    def app(self) -> str:
        """The app as keys carry it."""
        return self.key.removeprefix(CLAIM_PREFIX)


def holder_of_claim(claim: Claim) -> Holder:
    """Return the holder that the Deployments of a claim name."""
    return Holder(claim.app, claim.state.targets[0].virtual_service)


def marks_on(found: Object) -> list[Mark]:
    """Return the tokens of all apps on a Deployment."""
    present = sorted(annotations_of(found).items())
    return [Mark(key, text, _token(text)) for key, text in present if key.startswith(CLAIM_PREFIX)]


def mark_of(found: Object, key: str) -> Mark | None:
    """Return the token of one app, None if there is none."""
    return next((mark for mark in marks_on(found) if mark.key == key), None)


def holder_on(found: Object) -> Holder | None:
    """Return the holder that a Deployment names, None for none, or for a text that is not one."""
    app, _, anchor = annotations_of(found).get(HOLDER_KEY, "").partition(" ")
    namespace, _, name = anchor.partition("/")
    return Holder(app, ObjectName(namespace, name)) if app and namespace and name else None


def is_held_by(found: Object, mark: Mark, holder: Holder) -> bool:
    """Return whether a mark is of the holder's app, and the Deployment names that holder."""
    return holder_on(found) == holder and mark.app == shorten_app(holder.app)


def put(found: Object, key: str, token: str, holder: Holder | None, gone: Iterable[str] = ()) -> list[Operation]:
    """Return the operations that write a token and the holder, and remove other marks, if none changed meanwhile."""
    values = {key: token, **({HOLDER_KEY: str(holder)} if holder is not None else {})}
    present = found["metadata"].get("annotations")
    if present:
        # A JSON Patch cannot test that a token is absent, only that the whole map is as it was read. A test of the
        # resourceVersion would hardly ever hold: controllers write the status of a Deployment all the time.
        return [
            json_patch.expect(present, "metadata", "annotations"),
            *(_add(name, value) for name, value in values.items() if present.get(name) != value),
            *(json_patch.remove("metadata", "annotations", name) for name in gone if name not in values),
        ]
    version = json_patch.expect(found["metadata"].get("resourceVersion"), "metadata", "resourceVersion")
    return [
        *([version] if "resourceVersion" in found["metadata"] else []),
        json_patch.add({}, "metadata", "annotations"),
        *(_add(name, value) for name, value in values.items()),
    ]


def take_off(found: Object, keys: Sequence[str]) -> list[Operation]:
    """Return the operations that remove marks, if they are as they were read; the holder goes with the last token."""
    present = annotations_of(found)
    others = [mark for mark in marks_on(found) if mark.key not in keys]
    gone = [*keys, *([HOLDER_KEY] if HOLDER_KEY in present and not others else [])]
    tests = [json_patch.expect(present[key], "metadata", "annotations", key) for key in gone]
    return [*tests, *(json_patch.remove("metadata", "annotations", key) for key in gone)]


def _add(key: str, value: str) -> Operation:
    return json_patch.add(value, "metadata", "annotations", key)


def _token(text: str) -> Token | None:
    try:
        return parse_token(text)
    except ValueError:
        return None
