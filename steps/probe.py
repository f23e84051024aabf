"""probe: only deep health checks, each sent to every ready canary pod and to stable pods, side by side.

Before: both Deployments have ready pods; no claim is needed. Only checks that the canary fails and stable passes count.
Writes: nothing.
Exit codes: 0 pass · 5 a probe failed three times in a row on the canary alone · 6 inconclusive · 2 · 3 · 4.
"""

import time
from collections.abc import Callable

import structlog
from pydantic import Field

from steps.errors import SettingsError
from steps.judge.checks.probe_verdict import ProbeJudgement, judge_probes
from steps.judge.rules import Rules
from steps.model.judgement import Verdict
from steps.outputs import results
from steps.probing.prober import Prober
from steps.settings.probes import ProbeSettings
from steps.settings.release import ReleaseSettings
from steps.step import EXIT_CODES, Step, StepEnd
from steps.wiring.cluster import parts_of
from steps.wiring.probing import prober_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("verdict", "reason")
_LOOK_SECONDS = 0.1


class Settings(ReleaseSettings, ProbeSettings):
    """Send deep health checks to canary and stable pods, and compare their responses."""

    probe_deadline_seconds: float = Field(
        60.0, gt=0, le=3600, description="Time limit of the probe step, after which it ends without a verdict, seconds."
    )


def run(settings: Settings, prober: Prober, pause: Callable[[float], None] = time.sleep) -> StepEnd:
    """Probe until the verdict or the deadline; see the module's docstring."""
    deadline = time.monotonic() + settings.probe_deadline_seconds
    last_reason = ""
    while True:
        late = time.monotonic() >= deadline
        judgement = judge_probes(prober.look(), Rules(), deadline_reached=late)
        if judgement.reason != last_reason:
            last_reason = judgement.reason
            log.info("probes.looked", verdict=str(judgement.verdict), reason=last_reason)
        if judgement.verdict is not Verdict.CONTINUE:
            return _ended(judgement)
        pause(_LOOK_SECONDS)


def _ended(judgement: ProbeJudgement) -> StepEnd:
    found = {"verdict": str(judgement.verdict), "reason": results.truncate(judgement.reason)}
    return StepEnd(found, EXIT_CODES[judgement.verdict])


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    if not settings.probes:
        raise SettingsError("reading the settings", "probes: there are none; list them in canary.yaml (--config)")
    parts = parts_of(settings)
    prober = prober_of(settings, parts.names, parts.workload)
    if prober is None:
        raise SettingsError("reading the settings", "probes: there are none")
    return run(settings, prober)


STEP = Step(Settings, RESULTS, main)
