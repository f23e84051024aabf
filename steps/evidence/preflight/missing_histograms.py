"""Configured histograms of the mesh that Prometheus does not have, and what it has in their place."""

from typing import Final

from steps.evidence.definitions.metric_names import DURATIONS, RESPONSE_BYTES, ConfiguredNames, bucket_name
from steps.evidence.definitions.promql import ArmLabels, metrics_selector
from steps.evidence.preflight.similar_names import similar_names
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import NAME_LABEL, values_by_label
from steps.model.evidence import Arm

_USUAL: Final = (*DURATIONS, RESPONSE_BYTES)


def missing_histograms(prometheus: Prometheus, arms: ArmLabels, wanted: ConfiguredNames) -> str:
    """Return which configured histograms stable does not have, "" for none. No query if none is configured.

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
    # A duration metric without its suffix has a sentence of its own, in `DurationHistogram.fault`.
    missing = {flag: name for flag, name in named.items() if not {name, bucket_name(name)} & there.keys()}
    sentences = (
        _sentence(prometheus, flag, name, [one for one in _USUAL if one in there]) for flag, name in missing.items()
    )
    return "; ".join(sentences)


def _sentence(prometheus: Prometheus, flag: str, name: str, usual: list[str]) -> str:
    kind = [one for one in usual if (one == RESPONSE_BYTES) == (flag != "--duration-metric")]
    close = kind or [one for one in similar_names(prometheus, name) if one != name]
    if not close:
        return f"Prometheus has no {name} of stable ({flag}), and no similar name: leave {flag} out"
    known = ", ".join(close)
    return f"Prometheus has no {name} of stable ({flag}); it has {known}: set {flag} to that, or leave it out"
