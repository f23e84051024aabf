"""Names of the mesh's histograms that were set, and that Prometheus does not have: what it has in their place."""

from typing import Final

from steps.evidence.definitions.metric_names import DURATIONS, RESPONSE_BYTES, ConfiguredNames, bucket_name
from steps.evidence.definitions.promql import ArmLabels, metrics_selector
from steps.evidence.preflight.similar_names import similar_names
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import NAME_LABEL, values_by_label
from steps.model.evidence import Arm

_USUAL: Final = (*DURATIONS, RESPONSE_BYTES)


def missing_histograms(prometheus: Prometheus, arms: ArmLabels, wanted: ConfiguredNames) -> str:
    """Say which of the histograms that were set are not there for stable, "" for none. No query where none was set.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    named = {"--duration-metric": wanted.duration, "--response-bytes-metric": wanted.response_bytes}
    named = {flag: name for flag, name in named.items() if name}
    if not named:
        return ""
    asked = (other for name in (*named.values(), *_USUAL) for other in (name, bucket_name(name)))
    series = metrics_selector(list(dict.fromkeys(asked)), arms.matchers(arms=[Arm.STABLE]))
    there = values_by_label(prometheus.query(f"count by ({NAME_LABEL}) ({series})").result, NAME_LABEL)
    # A name without its suffix has a sentence of its own where the durations are looked at.
    missing = {flag: name for flag, name in named.items() if not {name, bucket_name(name)} & there.keys()}
    told = (_told(prometheus, flag, name, [one for one in _USUAL if one in there]) for flag, name in missing.items())
    return "; ".join(told)


def _told(prometheus: Prometheus, flag: str, name: str, usual: list[str]) -> str:
    kind = [one for one in usual if (one == RESPONSE_BYTES) == (flag != "--duration-metric")]
    close = kind or [one for one in similar_names(prometheus, name) if one != name]
    if not close:
        return f"Prometheus has no {name} of stable, as {flag} says, nor one of a like name: leave {flag} out"
    known = ", ".join(close)
    return f"Prometheus has no {name} of stable, as {flag} says; it has {known}: name that, or leave {flag} out"
