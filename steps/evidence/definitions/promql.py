"""PromQL for both arms at once; every value is escaped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from steps.evidence.definitions.metric_names import ISTIO_NAMES, MeshMetrics
from steps.evidence.definitions.upstreams import Upstreams
from steps.model.evidence import Arm

REGEX_PREFIX: Final = "~"
"""First character of a configured value that is a regular expression, as in PromQL's `label=~"value"`."""

DESTINATION: Final = "destination"
"""The reporter that is a pod's own proxy."""

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_REGEX_SIGNS: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")


@dataclass(frozen=True, slots=True)
class ArmLabels:
    """Labels that tell the arms apart in the metrics.

    Attributes:
        stable, canary: values of `label` for the arms: names of their Deployments by default.
        namespace: their destination_workload_namespace.
        label: destination_workload, or another such as destination_version, destination_canonical_revision.
        more: further labels and their values, such as {"cluster": "eu"}; a value that begins with "~" is a regular
            expression for the whole value.
        control: value of `label` for the baseline that is compared with the canary in place of stable; then stable's
            series are its past. "" = stable itself is compared.
        upstreams: the Services behind the arms, by which requests that failed before a pod was chosen are attributed;
            None = such requests are not read.
        metrics: names of the mesh's metrics.
    """

    stable: str
    canary: str
    namespace: str
    label: str = "destination_workload"
    more: Mapping[str, str] = field(default_factory=dict)
    control: str = ""
    upstreams: Upstreams | None = None
    metrics: MeshMetrics = ISTIO_NAMES

    def arm_of(self, labels: Mapping[str, str]) -> Arm | None:
        """Return the arm of a series, None if it is neither's; the baseline's count for stable."""
        value = labels.get(self.label)
        if value and value in {self.stable, self.control}:
            return Arm.STABLE
        return Arm.CANARY if value == self.canary else None

    def is_past(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series only counts until the run starts: stable's own, if a baseline is compared."""
        return bool(self.control) and labels.get(self.label) == self.stable

    def matchers(self, *, reporter: str = "", arms: Sequence[Arm] = (Arm.STABLE, Arm.CANARY)) -> list[str]:
        """Return the matchers of these arms' series, reported by `reporter` (all reporters if empty)."""
        found = [equal_matcher("reporter", reporter)] if reporter else []
        names = self.values(arms)
        found += [one_of_matcher(self.label, names), equal_matcher("destination_workload_namespace", self.namespace)]
        return found + extra_matchers(self.more)

    def pod_matchers(self, reporter: str) -> list[str]:
        """Return the matchers of the series that stable's pods count themselves; [] if `reporter` counts them anyway.

        With a baseline its pods are among them.
        """
        if reporter == DESTINATION:
            return []
        names = [self.stable, self.control] if self.control else [self.stable]
        found = [equal_matcher("reporter", DESTINATION), one_of_matcher(self.label, names)]
        found.append(equal_matcher("destination_workload_namespace", self.namespace))
        return found + extra_matchers(self.more)

    def values(self, arms: Sequence[Arm]) -> list[str]:
        """Return the values of `label` for these arms; with the baseline's only for both arms, since it has no past."""
        names = [self.stable if arm is Arm.STABLE else self.canary for arm in arms]
        return [*names, self.control] if self.control and len(arms) > 1 else names


def equal_matcher(label: str, value: str) -> str:
    """Return the matcher label="value".

    Raises:
        ValueError: `label` is not the name of a label.
    """
    return f"{_name(label)}={quote(value)}"


def one_of_matcher(label: str, values: Sequence[str]) -> str:
    """Return a matcher for any of the values, each escaped."""
    if len(values) == 1:
        return equal_matcher(label, values[0])
    return f"{_name(label)}=~{quote('|'.join(escape_regex(value) for value in values))}"


def extra_matchers(wanted: Mapping[str, str]) -> list[str]:
    """Return matchers of labels and their configured values, in a fixed order; see `ArmLabels.more`."""
    return [
        regex_matcher(label, value.removeprefix(REGEX_PREFIX))
        if value.startswith(REGEX_PREFIX)
        else equal_matcher(label, value)
        for label, value in sorted(wanted.items())
    ]


def regex_matcher(label: str, regex: str) -> str:
    """Return the matcher label=~"regex"."""
    return f"{_name(label)}=~{quote(regex)}"


def metrics_selector(metrics: Sequence[str], matchers: Sequence[str]) -> str:
    """Return a selector of the series of any of the metrics."""
    if len(metrics) == 1:
        return selector(metrics[0], matchers)
    return f"{{{','.join([one_of_matcher('__name__', metrics), *matchers])}}}"


def selector(metric: str, matchers: Sequence[str]) -> str:
    """Return metric{matchers}.

    Raises:
        ValueError: `metric` is not the name of a metric.
    """
    if not _METRIC.fullmatch(metric):
        raise ValueError(f"{metric!r} is not the name of a Prometheus metric")
    return f"{metric}{{{','.join(matchers)}}}"


def quote(value: str) -> str:
    """Return a text as a PromQL string, quoted and escaped."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def le_matcher(bounds: Sequence[float]) -> str:
    """Return a matcher of bucket bounds as Prometheus 2 ("5") and 3 ("5.0") write them, and of +Inf."""
    spellings = [r"\+Inf"]
    for bound in bounds:
        text = escape_regex(f"{bound:.15g}")
        spellings.append(text if "e" in text or "\\." in text else rf"{text}(\.0)?")
    return f"le=~{quote('|'.join(spellings))}"


def escape_regex(value: str) -> str:
    """Return a regular expression that matches this text only."""
    return _REGEX_SIGNS.sub(r"\\\1", value)


def _name(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a Prometheus label")
    return name
