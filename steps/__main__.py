"""`canary-steps <step>`: pick the step, configure logging, catch errors in one place, and return the exit code.

0 done or pass · 1 unknown error · 2 bad settings · 3 temporary · 4 permanent · 5 verdict fail · 6 verdict
inconclusive · 7 not the owner.
"""

import importlib
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from types import FrameType

import structlog

from steps.errors import Interrupted, PermanentError, SettingsError, StepError
from steps.model.flags import Command
from steps.model.secrecy import without_secrets
from steps.outputs import logs, results, streams
from steps.settings.flags import flags_of
from steps.settings.help_text import help_text
from steps.settings.loading import asks_for_help, load, log_format
from steps.step import Step, StepEnd

STEPS = {
    "prepare": "check everything, claim the app, create the canary and wait until it is ready",
    "set-weight": "scale the canary up and set its weight",
    "analyze": "judge the canary from Prometheus until it passes, fails or the deadline comes",
    "probe": "send deep health checks to canary and stable pods and compare their responses",
    "promote": "copy the canary's template to stable, return the weight, scale the canary down",
    "rollback": "return all weight to stable and scale the canary down, unless promoted",
    "undo": "after a promotion, return users to the version before it",
    "approve": "open the gate of a run that waits for a person",
    "sweep": "roll back every run whose claim expired, in one namespace or in all",
    "rollout": "the whole release in one process: prepare, climb the ladder, promote or roll back",
    "resolve": "ask the registry for the digest behind an image's tag",
    "notify": "report the outcome of a release to a webhook",
    "init": "print the YAML that an app still needs before its first release",
    "bootstrap": "make the serving Deployment from the one that people deploy, before any route leads to it",
    "doctor": "print every problem of an app at once, with remedies, and what its traffic can show",
    "render": "print the YAML of a release for Tekton, which cannot loop over a ladder",
    "report": "render a running or finished release as text, JSON, metrics or a page",
    "list": "show all running releases and the last record of each app, in one namespace or in all",
    "board": "serve one page of all releases, and metrics; read-only",
    "replay": "judge a recording again by other rules and show when each verdict would have come",
}

PRINTED = {
    "completion": "print a script that lets bash, zsh or fish complete steps, flags and choices",
    "schema": "print the JSON schema of canary.yaml, for editors, linters and charts",
}
"""Commands that are not steps: they have no settings and log nothing, since other programs read what they print."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one step and return its exit code."""
    try:
        return _dispatch(list(sys.argv[1:] if argv is None else argv))
    except StepError as error:
        streams.complain(f"canary-steps: {error}")
        return error.exit_code
    finally:
        streams.settle()


def _dispatch(arguments: list[str]) -> int:
    """Print what is asked for, or run a step.

    Raises:
        PermanentError: what is asked for cannot be printed.
    """
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        _print_help()
        return 0
    if arguments[0] == "--version":
        streams.send(f"canary-steps {version('canary-steps')}\n")
        return 0
    name = arguments[0]
    if name in PRINTED:
        return {"completion": _complete, "schema": _schema}[name](arguments[1:])
    if name not in STEPS:
        streams.complain(f"canary-steps: no step {name!r}; the steps are {', '.join(STEPS)}")
        return SettingsError.exit_code
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    return _bounded(name, arguments[1:])


def _complete(arguments: Sequence[str]) -> int:
    """Print what a shell loads: a log line would stand in each new shell."""
    from steps.completion import COMPLETION, COMPLETION_HELP, SHELLS  # noqa: PLC0415 - no step needs it

    if not {"-h", "--help"}.isdisjoint(arguments):
        streams.send(COMPLETION_HELP)
        return 0
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        given = f"got {' '.join(arguments)!r}" if arguments else "name a shell"
        streams.complain(f"canary-steps completion: {given}; the shells are {', '.join(SHELLS)}")
        return SettingsError.exit_code
    schema = Command("schema", PRINTED["schema"], ())
    streams.send(SHELLS[arguments[0]]([*map(_command, STEPS), COMPLETION, schema]))
    return 0


def _schema(arguments: Sequence[str]) -> int:
    """Print the schema of the one file that serves all steps."""
    from steps.settings.json_schema import SCHEMA_HELP, schema_text  # noqa: PLC0415 - no step needs it

    if not {"-h", "--help"}.isdisjoint(arguments):
        streams.send(SCHEMA_HELP)
        return 0
    if arguments:
        streams.complain(f"canary-steps schema: takes no argument, got {' '.join(arguments)!r}")
        return SettingsError.exit_code
    streams.send(schema_text(find(name).settings for name in STEPS))
    return 0


def _command(name: str) -> Command:
    step = find(name)
    flags = flags_of(step.settings)
    bare = next((flag for flag in flags if step.bare and flag.name == f"--{step.bare}"), None)
    return Command(name, STEPS[name], flags, bare)


def _bounded(name: str, arguments: Sequence[str]) -> int:
    """Run a step inside the error boundary: results are written and one closing line is logged in any case."""
    started = time.monotonic()
    logs.configure(log_format(arguments), name)
    results.reset()
    step = find(name)
    if asks_for_help(arguments):
        streams.send(help_text(step.settings, f"canary-steps {name}"))
        return 0
    try:
        return _ended(step, _run(name, step, arguments), started)
    except StepError as error:
        return _failed(step, error.exit_code, error.reason, str(error), started)
    except Exception as error:  # the one boundary: a defect of ours, logged with its traceback
        log.exception("step.crashed")
        return _failed(step, 1, "unknown-error", f"{type(error).__name__}: {error}", started)


def _ended(step: Step, end: StepEnd, started: float) -> int:
    """Write the results of a step and log how it ended: where a file is lost, the log still has the values."""
    lost = _write_results(step, end.results)
    exit_code = end.exit_code or (PermanentError.exit_code if lost and not step.ends_release else 0)
    seconds = round(time.monotonic() - started, 3)
    shown = {name: value for name, value in end.results.items() if name != "judgement"}  # its numbers were logged
    fields = {**shown, **end.summary}
    if exit_code == end.exit_code:
        log.info("step.ended", exit_code=exit_code, duration_seconds=seconds, **fields)
    else:
        code = PermanentError.reason
        log.error("step.failed", **fields, exit_code=exit_code, code=code, error=lost, duration_seconds=seconds)
    _say_closing_words(step, exit_code, end.results)
    return exit_code


def _write_results(step: Step, found: Mapping[str, str]) -> str:
    """Return why results could not be written, "" if they were."""
    try:
        results.write(step.results, found)
    except StepError as error:
        log.error("results.lost", error=str(error))
        return str(error)
    return ""


def _run(name: str, step: Step, arguments: Sequence[str]) -> StepEnd:
    if step.bare and arguments and not arguments[0].startswith("-"):
        arguments = [f"--{step.bare}={arguments[0]}", *arguments[1:]]
    settings = load(step.settings, arguments, _known_fields, f"canary-steps {name}")
    logs.configure(settings.log_format, name)
    return step.main(settings)


def _failed(step: Step, exit_code: int, code: str, sentence: str, started: float) -> int:
    sentence = without_secrets(sentence)
    _write_results(step, {"reason": results.truncate(sentence)} if "reason" in step.results else {})
    seconds = round(time.monotonic() - started, 3)
    log.error("step.failed", exit_code=exit_code, code=code, error=sentence, duration_seconds=seconds)
    _say_closing_words(step, exit_code, {"reason": sentence})
    return exit_code


def _say_closing_words(step: Step, exit_code: int, found: Mapping[str, str]) -> None:
    if step.closing_words is not None:
        logs.say_last(step.closing_words(exit_code, found))


def find(name: str) -> Step:
    """Import the file of one step; the others are not loaded."""
    step = importlib.import_module(f"steps.{name.replace('-', '_')}").STEP
    if not isinstance(step, Step):
        raise TypeError(f"steps.{name} has no STEP")
    return step


def _known_fields() -> frozenset[str]:
    return frozenset(field for name in STEPS for field in find(name).settings.model_fields)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del frame
    name = signal.Signals(number).name
    raise Interrupted("working", f"received {name}. Traffic stays as it is; run the step again, or roll back.")


def _print_help() -> None:
    named = {**STEPS, **PRINTED}
    width = max(map(len, named))
    lines = [f"  {name:<{width}}  {purpose}" for name, purpose in named.items()]
    streams.send(
        "usage: canary-steps STEP [--flag value ...]\n\n"
        "Automated canary analysis for Istio without an operator.\n\nsteps:\n"
        + "\n".join(lines)
        + "\n\n`canary-steps STEP --help` lists its settings; each is also CANARY_<NAME> and a line of canary.yaml\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
