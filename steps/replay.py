"""replay: judge a recording again, scrape by scrape, by other rules, and show when each verdict would have come.

Before: a file that `analyze --record` or `rollout --record` made. Needs no cluster and no Prometheus.
Writes: standard output, or the file `--output`. Rules come from flags, environment and canary.yaml;
the other rules are the recording's.
Exit codes: 0 for any verdict, which is a result · 2 not a recording, or one of another version · 4 the file cannot be
written.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from steps.actions.replay import ReplayRules, conclude, judge_recording
from steps.errors import SettingsError
from steps.evidence.playback import replay_evidence
from steps.evidence.recording import Recording, load
from steps.model.judgement import Verdict
from steps.model.replay import ReplayedRung
from steps.outputs import results
from steps.outputs.files import save
from steps.outputs.replay_report import as_json, as_text
from steps.outputs.screen import show
from steps.settings.judge import RULES, RuleSettings, rules_to_record
from steps.step import Step, StepEnd
from steps.wiring.judging import rules_of, trial_policy_of

RESULTS = ("verdict", "reason")


class Settings(RuleSettings):
    """Judge a recording again, scrape by scrape, and show when each verdict would have come.

    Rules that are not set are those of the recording.
    """

    recording: str = Field(
        description="File that analyze or rollout wrote with --record; the flag name may be omitted."
    )
    format: Literal["text", "json"] = Field("text", description="text for people, json for programs.")
    output: str = Field("", description="File to write. Empty: standard output.")


def run(settings: Settings, recording: Recording) -> tuple[StepEnd, str]:
    """Return the step's end and the text; see the module's docstring."""
    settings, changed = _as_recorded(settings, recording)
    asked = recording.header.get("rules", {}).get("second_trial", "never")
    policy, had_trials = trial_policy_of(settings), asked != "never"
    by = ReplayRules(rules_of(settings), settings.timeout_seconds, policy, had_trials=had_trials)
    rungs = judge_recording(replay_evidence(recording), by)
    verdict, reason = conclude(rungs, by)
    text = _written(settings, recording, changed, rungs, verdict, reason)
    return StepEnd({"verdict": str(verdict), "reason": results.truncate(reason)}, summary={"rungs": len(rungs)}), text


def _as_recorded(settings: Settings, recording: Recording) -> tuple[Settings, dict[str, Any] | None]:
    """Fill in the recording's rules where no others are set.

    Returns:
        The settings, and the rules that differ: name → recorded value; None for a recording without rules.

    Raises:
        SettingsError: this version does not accept a recorded rule.
    """
    then = {name: value for name, value in recording.header.get("rules", {}).items() if name in RULES}
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    try:
        made = Settings.model_validate({**then, **given})
    except ValidationError as error:
        cause = f"{settings.recording}: its rules are not those of this version ({error.errors()[0]['msg']})"
        raise SettingsError("reading the recording", cause) from None
    changed = {name: value for name, value in then.items() if getattr(made, name) != value}
    return made, changed if then else None


def _written(
    settings: Settings,
    recording: Recording,
    changed: dict[str, Any] | None,
    rungs: list[ReplayedRung],
    verdict: Verdict,
    reason: str,
) -> str:
    about = {
        "recording": settings.recording,
        "app": recording.header["app"],
        "namespace": recording.header["namespace"],
        "complete": recording.complete,
        "looks": len(recording.polls),
        "rules": rules_to_record(settings),
        "changed": changed,
    }
    if settings.format == "json":
        return as_json(about, rungs, verdict, reason) + "\n"
    return as_text(about, rungs, verdict, reason)


def _judged(settings: Settings) -> tuple[StepEnd, str]:
    try:
        return run(settings, load(Path(settings.recording)))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        # The values of a recording are checked where they are used: it is a file of ours that somebody changed.
        cause = f"{settings.recording}: has a value that cannot be judged ({type(error).__name__}: {error})"
        raise SettingsError("reading the recording", cause) from error


def main(settings: Settings) -> StepEnd:
    """Read the recording and write the result."""
    end, text = _judged(settings)
    if settings.output:
        save(text, settings.output, "--output", "writing the replay")
    else:
        show(text)
    return end


STEP = Step(Settings, RESULTS, main, bare="recording")
