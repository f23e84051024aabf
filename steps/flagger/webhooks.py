"""Webhooks of an analysis: which of them have a counterpart, and what that is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from steps.flagger.account import Fate, Line, shown
from steps.flagger.curl import probe_of

Json = Mapping[str, Any]

GATES: Final = ("confirm-promotion", "confirm-traffic-increase")
"""Types that let a person hold a release that has begun."""

_LOAD = re.compile(r"(?i)\b(load|hey|wrk2?|ghz|ab|fortio|k6|vegeta|bombardier|siege|locust|ngrinder|jmeter)\b")
_BY_TYPE: Final = {
    "confirm-rollout": (
        Fate.REPLACED,
        "a release begins when somebody starts it, so ask there: in the pull request, or by a suspend step of Argo",
    ),
    "confirm-promotion": (
        Fate.REPLACED,
        "`analyze --hold` on the last weight waits for `approve` and goes on judging; this file sets it",
    ),
    "confirm-traffic-increase": (
        Fate.REPLACED,
        "`analyze --hold` on every weight waits for `approve` and goes on judging; this file sets it",
    ),
    "event": (
        Fate.REPLACED,
        "`notify --webhook-url-file` at the end of a release; log lines and Kubernetes events in between",
    ),
    "post-rollout": (Fate.REPLACED, "call it after the release: an exit handler of the workflow, a step of the CI"),
    "rollback": (Fate.REPLACED, "by hand: `canary-steps rollback --any-run` returns users to stable at any time"),
}
_NO_LOAD = (
    "no load is generated: without requests of users to the canary nothing can be judged, and the release ends as "
    "inconclusive. Keep your load generator running beside it if there are no users"
)
_NO_CHECK = "it is not called. Add the request that it makes as a probe (docs/canary-yaml.md), or run it before prepare"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What the webhooks became.

    Args:
        lines: of the account, one for each.
        gates: types of webhooks by which a person holds a release.
        probes: entries for `probes` of canary.yaml, which a person has to check.
    """

    lines: tuple[Line, ...] = ()
    gates: tuple[str, ...] = ()
    probes: tuple[Json, ...] = ()


def webhooks_of(analysis: Json, at: str) -> Webhooks:
    """Return what the webhooks of an analysis become."""
    lines, gates, probes = [], [], []
    for index, hook in enumerate(analysis.get("webhooks") or []):
        if not hook:
            continue
        kind = str(hook.get("type") or "rollout")
        probe = _probe(hook) if kind in {"pre-rollout", "rollout"} else None
        probes += [probe] if probe else []
        gates += [kind] if kind in GATES else []
        fate, text = _BY_TYPE.get(kind) or _check(hook, probe)
        value = {"name": hook.get("name"), "type": kind}
        lines.append(Line(f"{at}.webhooks[{index}]", shown(value), fate, text))
    return Webhooks(tuple(lines), tuple(gates), tuple(probes))


def _check(hook: Json, probe: Json | None) -> tuple[Fate, str]:
    """Return what becomes of a webhook that generates load or checks something."""
    if probe:
        stub = f"probes: {json.dumps([probe])}"
        return Fate.REPLACED, f"it is not called. A probe does the same; check it and put it into canary.yaml: {stub}"
    said = " ".join(map(str, (hook.get("name"), *(hook.get("metadata") or {}).values())))
    return Fate.DROPPED, _NO_LOAD if _LOAD.search(said) else _NO_CHECK


def _probe(hook: Json) -> Json | None:
    metadata = hook.get("metadata") or {}
    if metadata.get("type", "cmd") not in {"cmd", "bash"}:
        return None
    return probe_of(str(hook.get("name")), str(metadata.get("cmd") or ""))
