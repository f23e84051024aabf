"""A Canary as settings, with the account of every field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steps.flagger.account import Fate, Line, Part, shown
from steps.flagger.documents import Bundle, bundle_of, chosen, head_lines, label, name_of, namespace_of
from steps.flagger.fields import lines_of, tree_of
from steps.flagger.metrics import objectives_of, template_of
from steps.flagger.objectives import Names
from steps.flagger.service import DeclaredService, service_lines, service_of
from steps.flagger.table.analysis import ANALYSIS
from steps.flagger.table.metadata import ALERT, METADATA, TEMPLATE
from steps.flagger.table.release import RELEASE
from steps.flagger.table.row import Row
from steps.flagger.table.service import SERVICE
from steps.flagger.webhooks import Webhooks, webhooks_of
from steps.flagger.weights import deadline_of, interval_of, ladder_of

Json = Mapping[str, Any]

OLD = "spec.canaryAnalysis"
"""What older versions of Flagger call spec.analysis."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What a Canary became.

    Args:
        name: `namespace/name` of the Canary.
        settings: by name, with underscores; {} if a field was refused.
        origins: path of the field that a setting comes from.
        account: a line for every field.
        webhooks: gates and probes that a person has to look at.
        service: how the app is reached; None if a field was refused.
    """

    name: str
    settings: Mapping[str, Any]
    origins: Mapping[str, str]
    account: tuple[Line, ...]
    webhooks: Webhooks
    service: DeclaredService | None

    @property
    def refused(self) -> tuple[Line, ...]:
        """The lines that keep the manifest from being used."""
        return tuple(one for one in self.account if one.fate is Fate.REFUSED)


def canary_rows() -> tuple[Row, ...]:
    """Return the rows of a Canary, with those of the older name of its analysis."""
    old = [
        Row(row.path.replace("spec.analysis", OLD), row.type, row.fate, row.text, row.unless, row.choices,
            row.is_required, row.is_whole)
        for row in ANALYSIS
    ]  # fmt: skip
    return (*METADATA, *RELEASE, *SERVICE, *ANALYSIS, *old)


def converted(documents: Sequence[object], app: str, doing: str) -> Converted:
    """Return the settings of a Canary and what became of each field.

    Args:
        documents: of the file.
        app: name of the target; needed if the file holds several Canaries, "" for none.
        doing: what is done, for errors.

    Raises:
        SettingsError: the file holds no Canary for the app, or several.
    """
    bundle = bundle_of(documents)
    canary = chosen(bundle, app, doing)
    walked = [*head_lines(bundle, canary), *lines_of(tree_of(canary_rows()), canary)]
    beside = _beside_lines(bundle)
    name = "/".join(filter(None, (namespace_of(canary), name_of(canary))))
    if any(one.is_malformed for one in (*walked, *beside)):
        # What the other fields become is not known as long as some cannot be read.
        refused = tuple(one for one in (*walked, *beside) if one.fate is Fate.REFUSED)
        return Converted(name, {}, {}, refused, Webhooks(), None)
    spec = canary["spec"]
    parts, webhooks = _parts(bundle, canary)
    account = _merged([*walked, *beside], [*(line for part in parts for line in part.lines), *webhooks.lines])
    settings: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for part in parts:
        settings |= part.settings
        origins |= part.origins
    if any(one.fate is Fate.REFUSED for one in account):
        return Converted(name, {}, {}, account, webhooks, None)
    return Converted(name, settings, origins, account, webhooks, service_of(spec, spec["targetRef"]["name"]))


def _parts(bundle: Bundle, canary: Json) -> tuple[list[Part], Webhooks]:
    spec, namespace = canary["spec"], namespace_of(canary)
    at = "spec.analysis" if spec.get("analysis") is not None else OLD
    analysis = spec.get("analysis") if spec.get("analysis") is not None else spec.get("canaryAnalysis")
    target = spec["targetRef"]["name"]
    names = Names(target, str((spec.get("service") or {}).get("name") or target), name_of(canary))
    head = [_names(names, namespace), deadline_of(spec), Part((*service_lines(spec), *_unread(spec)))]
    if analysis is None:
        text = "without it Flagger promotes unseen: write an interval and stepWeights"
        return [*head, Part((Line("spec.analysis", "", Fate.REFUSED, text),))], Webhooks()
    ignored = at != OLD and spec.get("canaryAnalysis") is not None
    old = [Line(OLD, "…", Fate.DROPPED, "spec.analysis wins over it, for Flagger too")] if ignored else []
    objectives = objectives_of(analysis, at, bundle.templates, names, namespace)
    ladder = Part() if _goes_otherwise(analysis) else ladder_of(analysis, at)
    server = _server(spec, analysis, bundle, namespace)
    return [*head, ladder, interval_of(analysis, at), objectives, server, Part(tuple(old))], webhooks_of(analysis, at)


def _goes_otherwise(analysis: Json) -> bool:
    """Return whether a release goes by iterations or headers: they are refused, so no ladder is missed."""
    return bool(analysis.get("iterations") or analysis.get("match"))


def _unread(spec: Json) -> list[Line]:
    """Return lines about what is left of another provider on an app that is on Istio."""
    if spec.get("provider") != "istio":
        return []
    left = [name for name in ("ingressRef", "routeRef", "upstreamRef") if spec.get(name)]
    return [
        Line(f"spec.{name}", shown(spec[name]), Fate.DROPPED, "Flagger does not read it for Istio") for name in left
    ]


def _names(names: Names, namespace: str) -> Part:
    if not names.target:
        return Part((Line("spec.targetRef.name", '""', Fate.REFUSED, "name the Deployment that is released"),))
    settings: dict[str, Any] = {
        "app": names.target,
        "topology": "target-named",
        "stable": f"{names.target}-primary",
        "canary": names.target,
        "stable_destination": f"{names.apex}-primary",
        "canary_destination": f"{names.apex}-canary",
    }
    if names.apex != names.target:
        settings["virtual_service"] = names.apex
    if namespace:
        settings["namespace"] = namespace
    origins = dict.fromkeys(settings, "spec.targetRef.name")
    here = {"virtual_service": "spec.service.name", "namespace": "metadata.namespace"}
    return Part((), settings, {**origins, **{name: path for name, path in here.items() if name in settings}})


def _server(spec: Json, analysis: Json, bundle: Bundle, namespace: str) -> Part:
    """Return the Prometheus of the manifest, or that of the templates that it uses."""
    found: dict[str, str] = {}
    if spec.get("metricsServer"):
        found[str(spec["metricsServer"])] = "spec.metricsServer"
    for metric in analysis.get("metrics") or []:
        template = template_of((metric or {}).get("templateRef") or {}, bundle.templates, namespace)
        address = ((template or {}).get("spec") or {}).get("provider", {}).get("address") if template else None
        if address and template is not None:
            found.setdefault(str(address), f"{label(template)}: spec.provider.address")
    if not found:
        return Part()
    (url, path), *others = found.items()
    text = f"one Prometheus is read, and {path} names {shown(url)}: use the same for all metrics"
    lines = [Line(where, shown(one), Fate.REFUSED, text) for one, where in others]
    return Part(tuple(lines), {"prometheus_url": url}, {"prometheus_url": path})


def _beside_lines(bundle: Bundle) -> list[Line]:
    """Return lines about the templates and alert providers, under the name of each."""
    found = []
    for table, objects in ((TEMPLATE, bundle.templates), (ALERT, bundle.alerts)):
        for one in objects:
            found += [line.under(label(one)) for line in lines_of(tree_of(table), one)]
    return found


def _merged(walked: Iterable[Line], decided: Iterable[Line]) -> tuple[Line, ...]:
    """Return the account: a decision of the conversion stands in place of the table's, in the order of the file."""
    better: dict[str, list[Line]] = {}
    for line in decided:
        better.setdefault(line.path, []).append(line)
    account: list[Line] = []
    for line in walked:
        found = better.pop(line.path, None)
        account += [line] if found is None else found
    return (*account, *(line for lines in better.values() for line in lines))
