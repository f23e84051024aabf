"""replay: judge a recording again, scrape by scrape, by today's rules, and say when each verdict would have fallen.

Before: a file that `analyze --record` or `rollout --record` made. Needs no cluster and no Prometheus.
Writes: standard output, or the file `--output`. The rules are those of the flags and canary.yaml of now.
Exit codes: 0 whatever the verdict, which is a result · 2 no recording, or of another version.
"""

import sys
from pathlib import Path
from typing import Literal

from pydantic import Field

from steps.acts.replaying import judged_again, outcome
from steps.evidence.playback import evidence_of
from steps.evidence.recording import Recording, load
from steps.model.judgement import Verdict
from steps.model.replay import Rung
from steps.outputs.replayed import as_json, as_text
from steps.settings.groups import Basic, Judged
from steps.step import Step, StepEnd
from steps.wiring import rules_of

RESULTS = ("verdict", "reason")


class Settings(Basic, Judged):
    """Judge a recording again, scrape by scrape, and say when each verdict would have fallen."""

    recording: str = Field(description="File that analyze or rollout made with --record; the flag may be left out.")
    format: Literal["text", "json"] = Field("text", description="text for people, json for programs.")
    output: str = Field("", description="File to write. Empty: standard output.")


def run(settings: Settings, recording: Recording) -> tuple[StepEnd, str]:
    """Return the end and the text; see the module's docstring."""
    rungs = judged_again(evidence_of(recording), rules_of(settings), settings.timeout_seconds)
    verdict, reason = outcome(rungs)
    text = _written(settings, recording, rungs, verdict, reason)
    return StepEnd({"verdict": str(verdict), "reason": reason[:380]}, summary={"rungs": len(rungs)}), text


def _written(settings: Settings, recording: Recording, rungs: list[Rung], verdict: Verdict, reason: str) -> str:
    about = {
        "recording": settings.recording,
        "app": recording.header["app"],
        "namespace": recording.header["namespace"],
        "complete": recording.complete,
        "looks": len(recording.looks),
    }
    if settings.format == "json":
        return as_json(about, rungs, verdict, reason) + "\n"
    return as_text(about, rungs, verdict, reason)


def main(settings: Settings) -> StepEnd:
    """Read the file and write the answer."""
    end, text = run(settings, load(Path(settings.recording)))
    if settings.output:
        Path(settings.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return end


STEP = Step(Settings, RESULTS, main, bare="recording")
