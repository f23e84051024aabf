"""If Tekton runs no `finally`, sweep moves the users back. These tests come last, since claims take long to expire."""

from __future__ import annotations

import pytest

from tests.e2e.tekton.releases import Release
from tests.e2e.tekton.stopped_runs import CORE, StoppedRun, check_end, check_users

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("ending", [one for one in CORE if not one.finishes], ids=lambda one: one.app)
def test_users_of_a_run_without_an_end_are_swept_back(core: dict[str, Release], ending: StoppedRun) -> None:
    """By the Job of the shipped CronJob, as its account, after the claim expired."""
    check_end(core[ending.app], ending)
    check_users(core[ending.app], ending)
