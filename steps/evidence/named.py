"""Names of the mesh's histograms that were set, and that Prometheus does not have: what it has in their place."""

from typing import Final

from steps.evidence.alike import alike
from steps.evidence.naming import DURATIONS, RESPONSE_BYTES, WantedNames, classic
from steps.evidence.prometheus import Prometheus
from steps.evidence.samples import NAME, scalar_by
from steps.evidence.selectors import Arms, any_of
from steps.model.evidence import Arm

_USUAL: Final = (*DURATIONS, RESPONSE_BYTES)


def absent(prometheus: Prometheus, arms: Arms, wanted: WantedNames) -> str:
    """Say which of the histograms that were set are not there for stable, "" for none. No query where none was set.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    named = {"--duration-metric": wanted.duration, "--response-bytes-metric": wanted.response_bytes}
    named = {flag: name for flag, name in named.items() if name}
    if not named:
        return ""
    asked = (other for name in (*named.values(), *_USUAL) for other in (name, classic(name)))
    series = any_of(list(dict.fromkeys(asked)), arms.matchers(arms=[Arm.STABLE]))
    there = scalar_by(prometheus.query(f"count by ({NAME}) ({series})").result, NAME)
    # A name without its suffix has a sentence of its own where the durations are looked at.
    missing = {flag: name for flag, name in named.items() if not {name, classic(name)} & there.keys()}
    told = (_told(prometheus, flag, name, [one for one in _USUAL if one in there]) for flag, name in missing.items())
    return "; ".join(told)


def _told(prometheus: Prometheus, flag: str, name: str, usual: list[str]) -> str:
    kind = [one for one in usual if (one == RESPONSE_BYTES) == (flag != "--duration-metric")]
    close = kind or [one for one in alike(prometheus, name) if one != name]
    if not close:
        return f"Prometheus has no {name} of stable, as {flag} says, nor one of a like name: leave {flag} out"
    known = ", ".join(close)
    return f"Prometheus has no {name} of stable, as {flag} says; it has {known}: name that, or leave {flag} out"
