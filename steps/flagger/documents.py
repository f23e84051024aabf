"""Find Flagger's objects among the documents of a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.errors import SettingsError
from steps.flagger.account import Fate, Line

GROUP = "flagger.app"
VERSIONS = ("v1beta1", "v1alpha3", "v1alpha2", "v1alpha1")
_LISTS = {"List", "CanaryList", "MetricTemplateList", "AlertProviderList"}
_MAX_NESTED = 5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a file holds.

    Args:
        canaries: in the order of the file. templates: MetricTemplates. alerts: AlertProviders.
        others: kind and name of what does not belong to Flagger.
    """

    canaries: tuple[Json, ...]
    templates: tuple[Json, ...]
    alerts: tuple[Json, ...]
    others: tuple[str, ...]


def is_flaggers(documents: Sequence[object]) -> bool:
    """Return whether a file holds objects of Flagger, so that it is not a canary.yaml."""
    return any(_group(one) == GROUP for one in _flat(documents))


def bundle_of(documents: Sequence[object]) -> Bundle:
    """Return the objects of a file by kind."""
    found = [one for one in _flat(documents) if one is not None]
    own = [dict(one) for one in found if isinstance(one, Mapping) and _group(one) == GROUP]
    by_kind = {kind: tuple(one for one in own if one.get("kind") == kind) for kind in _KINDS}
    rest = [one for one in found if _group(one) != GROUP or one.get("kind") not in _KINDS]
    return Bundle(by_kind["Canary"], by_kind["MetricTemplate"], by_kind["AlertProvider"], tuple(map(label, rest)))


_KINDS = ("Canary", "MetricTemplate", "AlertProvider")


def chosen(bundle: Bundle, app: str, doing: str) -> Json:
    """Return the Canary of an app, or the only one.

    Raises:
        SettingsError: there is none, there are several, or the app is not the target of any.
    """
    targets = [target_of(one) for one in bundle.canaries]
    listed = ", ".join(
        f"{name_of(one)} (target {target})" for one, target in zip(bundle.canaries, targets, strict=True)
    )
    if not targets:
        raise SettingsError(doing, "it holds no Canary of Flagger: add the document with `kind: Canary`")
    found = [one for one, target in zip(bundle.canaries, targets, strict=True) if app in {"", target}]
    if len(found) == 1:
        return found[0]
    if found:
        words = "several Canaries have this target" if app else "it holds several Canaries: choose one with --app"
        raise SettingsError(doing, f"{words}: {listed}")
    named = next((target for one, target in zip(bundle.canaries, targets, strict=True) if app == name_of(one)), "")
    remedy = f"write --app {named}" if named else "name one of these targets with --app, or another file"
    raise SettingsError(
        doing, f"--app is {app!r}, and the app is spec.targetRef.name of the Canary: it holds {listed}; {remedy}"
    )


def head_lines(bundle: Bundle, canary: Json) -> list[Line]:
    """Return lines about a version that is not known, and about documents that are not converted."""
    version = str(canary.get("apiVersion")).partition("/")[2]
    found = [Line(one, "", Fate.DROPPED, "not an object of Flagger that a Canary needs") for one in bundle.others]
    others = [one for one in bundle.canaries if one is not canary]
    found += [Line(label(one), "", Fate.DROPPED, "another app's: name it with --app") for one in others]
    if version not in VERSIONS:
        text = f"only {', '.join(VERSIONS)} are known"
        found.append(Line("apiVersion", str(canary.get("apiVersion")), Fate.REFUSED, text))
    return found


def target_of(canary: Mapping[str, Any]) -> str:
    """Return the name of a Canary's target, "" where there is none."""
    return str(_map(_map(canary.get("spec")).get("targetRef")).get("name") or "")


def name_of(obj: Mapping[str, Any]) -> str:
    """Return an object's name."""
    return str(_map(obj.get("metadata")).get("name") or "")


def namespace_of(obj: Mapping[str, Any]) -> str:
    """Return an object's namespace, "" where none is written."""
    return str(_map(obj.get("metadata")).get("namespace") or "")


def label(obj: object) -> str:
    """Return kind and name of any document."""
    if not isinstance(obj, Mapping):
        return f"a document that is {type(obj).__name__}"
    return f"{obj.get('kind') or 'object'} {name_of(obj)}".strip()


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _group(obj: object) -> str:
    return str(_map(obj).get("apiVersion") or "").partition("/")[0]


def _flat(documents: Sequence[object], depth: int = 0) -> Iterator[Any]:
    for one in documents:
        items = _map(one).get("items")
        if _map(one).get("kind") in _LISTS and isinstance(items, list) and depth < _MAX_NESTED:
            yield from _flat(items, depth + 1)
        else:
            yield one
