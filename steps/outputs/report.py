"""The report of a release: its images, its weights, and the judgement of each rung; as text and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from steps.model.run import Claim, Record
from steps.model.times import date_and_time
from steps.model.trials import Trial
from steps.outputs.screen import printable_lines
from steps.outputs.trials import consequences, ended_trial

VERSION = 1
"""Version of the JSON form; it rises when a field is removed or changes its meaning."""


@dataclass(frozen=True, slots=True)
class Report:
    """One release, running or finished.

    Args:
        app: the application. namespace: of its Deployments. run: id of the run.
        state: `promoted`, `rolled-back`, `undone`, `noop`, or the phase of a running one.
        verdict: of the last weight that users got, "" where it was not judged.
        reason: one sentence.
        started: unix seconds. ended: unix seconds, 0 while it runs.
        weights: (unix seconds, percent), oldest first.
        images: container → image digest of the canary.
        by: who started it.
        judgements: one per rung, as `Judgement.to_json` returns them.
        bake: verdict of the bake after the promotion, or since when it has been running; "" without one.
        baked: the bake's judgement, None where it is not known.
        undoes: id of the promoted run that this one reverts; "" for any run but an undo.
        hotfix: why it is a hotfix, one sentence; "" for any other release.
        trials: that ended with an alarm after which fresh pods of the canary were tried, oldest first.
    """

    app: str
    namespace: str
    run: str
    state: str
    reason: str = ""
    verdict: str = ""
    started: float = 0.0
    ended: float = 0.0
    weights: Sequence[tuple[float, int]] = ()
    images: Mapping[str, str] | None = None
    by: str = ""
    judgements: Sequence[Mapping[str, Any]] = ()
    bake: str = ""
    baked: Mapping[str, Any] | None = None
    undoes: str = ""
    hotfix: str = ""
    trials: Sequence[Trial] = ()

    def with_judgements(self, judgements: Sequence[Mapping[str, Any]]) -> "Report":
        """Return the report with the judgements of its rungs.

        While the release runs, verdict and reason come from the last judgement. After its end they come from the
        record, which is newer: a release may end for another reason after a pass.
        """
        if not judgements:
            return self
        last = judgements[-1]
        kept = (self.verdict, self.reason) if self.ended else ("", "")
        verdict, reason = kept[0] or str(last["verdict"]), kept[1] or str(last["reason"])
        return replace(self, judgements=tuple(judgements), verdict=verdict, reason=reason)

    def as_json(self) -> str:
        """Return the report as JSON, `"version"` first."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1, default=str)

    def as_text(self) -> str:
        """Return the report as text for a terminal, at most 120 columns but for long sentences."""
        lines = [
            f"{self.namespace}/{self.app}  run {self.run}  {self.state}",
            *([f"  undoes   run {self.undoes}"] if self.undoes else []),
            *([f"  hotfix   {self.hotfix}"] if self.hotfix else []),
            f"  reason   {self.reason or '-'}",
            f"  verdict  {self.verdict or '-'}",
            f"  started  {date_and_time(self.started)} by {self.by or '-'}",
            f"  ended    {date_and_time(self.ended) if self.ended else 'still running'}"
            + (f" after {self.ended - self.started:.0f} s" if self.ended else ""),
            f"  weights  {self._ladder()}",
        ]
        for number, one in enumerate(self.trials, 1):
            lines += [f"  trial {number}  {ended_trial(one)}", f"           {consequences(one, self.weights)}"]
        lines += [f"  bake     {self.bake}"] if self.bake else []
        lines += [f"  image    {container}: {image}" for container, image in (self.images or {}).items()]
        for number, judgement in enumerate(self.judgements, 1):
            lines += ["", *_rung(f"rung {number}", judgement)]
        lines += ["", *_rung("bake", self.baked)] if self.baked is not None else []
        return printable_lines("\n".join(lines) + "\n")

    def _ladder(self) -> str:
        return ", ".join(f"{weight} % at {date_and_time(at)}" for at, weight in self.weights) or "none was set"


def report_of_claim(claim: Claim, namespace: str, verdict: str) -> Report:
    """Return the report of a running release; `verdict` is that of the last weight that users got."""
    state = claim.state
    return Report(
        app=claim.app,
        namespace=namespace,
        run=claim.run,
        state=str(claim.phase),
        reason=state.reason,
        verdict=verdict,
        started=state.started,
        weights=state.weights,
        images=state.pin.digests if state.pin else {},
        by=state.by,
        bake=f"since {date_and_time(state.bake_since)}" if state.bake_since else "",
        undoes=state.undoes,
        hotfix=state.hotfix,
        trials=state.trials,
    )


def report_of_record(record: Record, app: str, namespace: str) -> Report:
    """Return the report of a release that ended."""
    return Report(
        app=app,
        namespace=namespace,
        run=record.run,
        state=record.outcome,
        reason=record.reason,
        verdict=record.verdict,
        started=record.started,
        ended=record.ended,
        weights=record.weights,
        images=record.images,
        by=record.by,
        bake=record.bake,
        undoes=record.undoes,
        hotfix=record.hotfix,
        trials=record.trials,
    )


def _rung(title: str, judgement: Mapping[str, Any]) -> list[str]:
    lines = [f"  {title}: {judgement['verdict']}, {judgement['reason']}"]
    header = f"    {'metric':<14}{'canary bad / all':>20}{'stable bad / all':>20}{'evidence':>10}  (alarm at "
    lines.append(f"{header}{judgement['e_limit']:.0f})")
    for metric in judgement["metrics"]:
        for series in metric["series"]:
            name = f"{metric['name']} {series['label']}".strip()
            canary = f"{series['canary_bad']} / {series['canary_total']}"
            stable = f"{series['stable_bad']} / {series['stable_total']}"
            lines.append(f"    {name:<14}{canary:>20}{stable:>20}{series['e_value']:>10.3g}")
    return lines
