"""Settings as `canary-steps` loads them: from arguments, an environment that only the test fills, and a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from steps.__main__ import STEPS, find
from steps.errors import SettingsError
from steps.settings.base import StepSettings
from steps.settings.loading import load

Load = Callable[..., StepSettings]
Refusal = Callable[..., str]


@pytest.fixture
def load_step(tmp_path: Path) -> Load:
    """Return a function that loads a step's settings from flags and the text of a canary.yaml."""

    def loaded(step: str, *flags: str, file: str | bytes | None = None) -> StepSettings:
        arguments = list(flags)
        if file is not None:
            path = tmp_path / "canary.yaml"
            path.write_bytes(file if isinstance(file, bytes) else file.encode())
            arguments += ["--config", str(path)]
        known = frozenset(field for name in STEPS for field in find(name).settings.model_fields)
        return load(find(step).settings, arguments, lambda: known, f"canary-steps {step}")

    return loaded


@pytest.fixture
def refusal(load_step: Load) -> Refusal:
    """Return a function that returns the error sentence of refused settings and checks the exit code, 2."""

    def refused(step: str, *flags: str, file: str | bytes | None = None) -> str:
        with pytest.raises(SettingsError) as caught:
            load_step(step, *flags, file=file)
        assert (2, "bad-settings") == (caught.value.exit_code, caught.value.reason)
        return caught.value.cause

    return refused
