"""Label values that other apps have as well: `destination_version="v1"` is every app's first version.

Names of Deployments are unique in a namespace, versions and revisions are not. Such a label is narrowed by the service
of the requests; if that does not tell the arms from the other apps, nothing can be judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from steps.evidence.definitions.promql import REGEX_PREFIX, ArmLabels, escape_regex, selector
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import parse_vector
from steps.model.evidence import Arm

WORKLOAD_LABEL: Final = "destination_workload"
_IDENTITIES: Final = (WORKLOAD_LABEL, "destination_canonical_service", "destination_app", "destination_service_name")
"""Labels that tell apps apart, the surest first; recording rules may have dropped some."""

_NARROWING: Final = ("destination_service_name", "destination_service", "destination_canonical_service")
_NOBODY: Final = {"", "unknown"}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What tells the arms from other apps with the same label value.

    Attributes:
        more: further labels and their values, as in `ArmLabels.more`; {} if the label suffices.
        doubt: a full sentence if nothing tells them apart, else "".
    """

    more: Mapping[str, str] = field(default_factory=dict)
    doubt: str = ""


def find_narrowing(prometheus: Prometheus, arms: ArmLabels) -> Narrowing:
    """Look for other apps with the arms' label values. One query; none if the names of Deployments tell the arms apart.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    if arms.label == WORKLOAD_LABEL:
        return Narrowing()
    labels = ", ".join(dict.fromkeys((arms.label, *_IDENTITIES, *_NARROWING)))
    requests = selector(arms.metrics.requests, arms.matchers())
    found = parse_vector(prometheus.query(f"count by ({labels}) ({requests})").result)
    return narrowing_of_rows([row for row, _ in found], arms)


def narrowing_of_rows(rows: Sequence[Row], arms: ArmLabels) -> Narrowing:
    """Choose the label that narrows the arms' series, from the label sets that Prometheus has of them."""
    if not _others(rows, arms):
        return Narrowing()
    for label in _NARROWING:
        names = arms.upstreams.names if arms.upstreams else ()
        kept = [row for row in rows if row.get(label, "") in names or _host(row.get(label, "")) in names]
        is_stables = any(arms.arm_of(row) is Arm.STABLE for row in kept)
        if is_stables and not _others(kept, arms):
            values = sorted({row[label] for row in kept} | set(names))
            return Narrowing({label: REGEX_PREFIX + "|".join(escape_regex(value) for value in values)})
    return Narrowing(doubt=_doubt(rows, arms))


def _others(rows: Iterable[Row], arms: ArmLabels) -> set[str]:
    """Return the names of all apps that share an arm's label value; none if each arm's value is one app's."""
    rows = [row for row in rows if arms.arm_of(row) is not None]
    identity = next((label for label in _IDENTITIES if any(row.get(label, "") not in _NOBODY for row in rows)), "")
    by_value: dict[str, set[str]] = {}
    for row in rows:
        if row.get(identity, "") not in _NOBODY:
            by_value.setdefault(row.get(arms.label, ""), set()).add(row[identity])
    return set().union(*(names for names in by_value.values() if len(names) > 1))


def _host(name: str) -> str:
    return name.partition(".")[0]


def _doubt(rows: Sequence[Row], arms: ArmLabels) -> str:
    names = sorted({row.get("destination_service_name", "") for row in rows} - _NOBODY)
    remedy = f"destination_service_name={names[0]}" if names else "destination_canonical_service=<its name>"
    known = f" (there are {', '.join(names)})" if names else ""
    hosts = ", ".join(arms.upstreams.names) if arms.upstreams else "(unknown)"
    return (
        f'{arms.label}="{arms.stable}" and "{arms.canary}" in namespace {arms.namespace} do not belong to one app:'
        f" {', '.join(sorted(_others(rows, arms)))} have them, and the destinations {hosts} do not tell them apart;"
        f" set a label that does, such as --metric-labels {remedy}{known}"
    )
