"""PromQL for both arms at once; every value is escaped, nothing is pasted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from steps.evidence.definitions.metric_names import ISTIO_NAMES, MeshMetrics
from steps.evidence.definitions.upstreams import Upstreams
from steps.model.evidence import Arm

REGEX_PREFIX: Final = "~"
"""First sign of a wanted value that is a regular expression, as in PromQL's `label=~"value"`."""

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_REGEX_SIGNS: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")


@dataclass(frozen=True, slots=True)
class ArmLabels:
    """What tells the arms apart in the metrics.

    Attributes:
        stable, canary: values of `label` for the arms: names of their Deployments by default.
        namespace: their destination_workload_namespace.
        label: destination_workload, or such as destination_version, destination_canonical_revision.
        more: further labels and their values, such as {"cluster": "eu"}; a value that begins with "~" is a regular
            expression for the whole value.
        control: value of `label` for the baseline that is compared with the canary in place of stable, whose series are
            its past then; "" = stable itself is compared.
        upstreams: the Services behind the arms, to which requests belong that failed before a pod was chosen; None =
            such requests are not looked for.
        metrics: what the mesh's metrics are called.
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
        """Tell whose series this is; the baseline's is stable's."""
        value = labels.get(self.label)
        if value and value in {self.stable, self.control}:
            return Arm.STABLE
        return Arm.CANARY if value == self.canary else None

    def is_past(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series counts only until the run starts: stable's own, where a baseline stands in for it."""
        return bool(self.control) and labels.get(self.label) == self.stable

    def matchers(self, *, reporter: str = "", arms: Sequence[Arm] = (Arm.STABLE, Arm.CANARY)) -> list[str]:
        """Give the matchers of the named arms' series, reported by `reporter` (all reporters if empty)."""
        found = [equal_matcher("reporter", reporter)] if reporter else []
        names = self.values(arms)
        found += [one_of_matcher(self.label, names), equal_matcher("destination_workload_namespace", self.namespace)]
        return found + extra_matchers(self.more)

    def values(self, arms: Sequence[Arm]) -> list[str]:
        """Give the values of `label` for arms; the baseline's where both are asked for, as it has no past."""
        names = [self.stable if arm is Arm.STABLE else self.canary for arm in arms]
        return [*names, self.control] if self.control and len(arms) > 1 else names


def equal_matcher(label: str, value: str) -> str:
    """Give the matcher label="value".

    Raises:
        ValueError: not a label's name.
    """
    return f"{_name(label)}={quote(value)}"


def one_of_matcher(label: str, values: Sequence[str]) -> str:
    """Give a matcher for any of the values, literally."""
    if len(values) == 1:
        return equal_matcher(label, values[0])
    return f"{_name(label)}=~{quote('|'.join(escape_regex(value) for value in values))}"


def extra_matchers(wanted: Mapping[str, str]) -> list[str]:
    """Give matchers of labels and wanted values, in a fixed order; see `Arms.more`."""
    return [
        regex_matcher(label, value.removeprefix(REGEX_PREFIX))
        if value.startswith(REGEX_PREFIX)
        else equal_matcher(label, value)
        for label, value in sorted(wanted.items())
    ]


def regex_matcher(label: str, regex: str) -> str:
    """Give the matcher label=~"regex"."""
    return f"{_name(label)}=~{quote(regex)}"


def metrics_selector(metrics: Sequence[str], matchers: Sequence[str]) -> str:
    """Give a selector of the series of any of the metrics."""
    if len(metrics) == 1:
        return selector(metrics[0], matchers)
    return f"{{{','.join([one_of_matcher('__name__', metrics), *matchers])}}}"


def selector(metric: str, matchers: Sequence[str]) -> str:
    """Give metric{matchers}.

    Raises:
        ValueError: not a metric's name.
    """
    if not _METRIC.fullmatch(metric):
        raise ValueError(f"{metric!r} is not the name of a Prometheus metric")
    return f"{metric}{{{','.join(matchers)}}}"


def quote(value: str) -> str:
    """Quote a PromQL string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def le_matcher(bounds: Sequence[float]) -> str:
    """Match bucket bounds in the spelling of Prometheus 2 ("5") and 3 ("5.0"), and +Inf."""
    spellings = [r"\+Inf"]
    for bound in bounds:
        text = escape_regex(f"{bound:.15g}")
        spellings.append(text if "e" in text or "\\." in text else rf"{text}(\.0)?")
    return f"le=~{quote('|'.join(spellings))}"


def escape_regex(value: str) -> str:
    """Give a regular expression that matches this text alone."""
    return _REGEX_SIGNS.sub(r"\\\1", value)


def _name(name: str) -> str:
    if not _LABEL.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a Prometheus label")
    return name
