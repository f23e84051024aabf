"""`Step`, which every step file defines for `__main__`, and `StepEnd`, which it returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from steps.model.judgement import Verdict
from steps.settings.base import StepSettings

EXIT_DONE = 0
EXIT_FAIL = 5
EXIT_INCONCLUSIVE = 6

EXIT_CODES = {Verdict.PASS: EXIT_DONE, Verdict.FAIL: EXIT_FAIL, Verdict.INCONCLUSIVE: EXIT_INCONCLUSIVE}
"""Exit codes of the steps that end with a verdict."""


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended.

    Args:
        results: result name → value; at most 1 kB in total.
        exit_code: 0 done or pass, 5 verdict fail, 6 verdict inconclusive. Errors are raised, not returned.
        summary: further numbers for the closing log line.
    """

    results: Mapping[str, str]
    exit_code: int = EXIT_DONE
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One sub-command.

    Args:
        settings: its settings class; the docstring is its help text.
        results: names of all results it may write.
        main: builds the collaborators from the settings and runs the step.
        bare: the setting whose flag may be left out before the first argument; "" = none.
        closing_words: returns, from exit code and results, the last line of a log on a terminal; None for no such line.
        ends_release: its exit code says where the users are, so 0 stays 0 if only its results cannot be written. Any
            other step ends with 4 then: the next one would go on with nothing.
    """

    settings: type[StepSettings]
    results: tuple[str, ...]
    main: Callable[[Any], StepEnd]
    bare: str = ""
    closing_words: Callable[[int, Mapping[str, str]], str] | None = None
    ends_release: bool = False
