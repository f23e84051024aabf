"""Values of the wrong type or range are refused with their path, before anything is rendered."""

from __future__ import annotations

import pytest

from tests.contract.charts.rendered import CHART, Helm, Json

BAD: dict[str, tuple[Json, str]] = {
    "a text in place of a list": ({"engines": "argo"}, "engines"),
    "an unknown engine": ({"engines": ["jenkins"]}, "engines/0"),
    "an engine twice": ({"engines": ["argo", "argo"]}, "engines"),
    "an unknown key": ({"engine": ["argo"]}, "engine"),
    "an unknown key in a section": ({"sweep": {"shedule": "* * * * *"}}, "shedule"),
    "a number in place of a schedule": ({"sweep": {"schedule": 5}}, "sweep/schedule"),
    "a schedule of three fields": ({"sweep": {"schedule": "* * *"}}, "sweep/schedule"),
    "a text in place of a switch": ({"sweep": {"enabled": "no"}}, "sweep/enabled"),
    "a number below its range": ({"sweep": {"failedJobsHistoryLimit": -1}}, "sweep/failedJobsHistoryLimit"),
    "a number above its range": ({"sweep": {"successfulJobsHistoryLimit": 101}}, "sweep/successfulJobsHistoryLimit"),
    "a fraction": ({"sweep": {"failedJobsHistoryLimit": 1.5}}, "sweep/failedJobsHistoryLimit"),
    "a digest that is a tag": ({"image": {"digest": "v1"}}, "image/digest"),
    "an unknown pull policy": ({"image": {"pullPolicy": "Sometimes"}}, "image/pullPolicy"),
    "a secret that is not a name": ({"image": {"pullSecrets": ["my secret"]}}, "image/pullSecrets/0"),
    "a section that is a list": ({"argo": ["approval"]}, "argo"),
    "an unknown choice": ({"argo": {"clusterTemplates": "yes"}}, "argo/clusterTemplates"),
    "a deep unknown choice": ({"argo": {"notifications": {"format": "xml"}}}, "argo/notifications/format"),
    "a namespace that is not a name": ({"releasesFrom": "Team A"}, "releasesFrom"),
    "engines where only roles are": ({"releasesFrom": "team-a", "engines": ["argo"]}, "engines"),
    "an address that is not one": ({"board": {"listen": "127.0.0.1"}}, "board/listen"),
    "an address without a scheme": ({"board": {"runUrl": "argo.example"}}, "board/runUrl"),
    "labels that are numbers": ({"podMonitor": {"labels": {"release": 1}}}, "podMonitor/labels/release"),
    "an interval without a unit": ({"podMonitor": {"interval": "15"}}, "podMonitor/interval"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_is_refused_with_its_path(helm: Helm, case: str) -> None:
    """Helm checks values.schema.json in lint, template, install and upgrade."""
    values, path = BAD[case]
    said = helm.refusal(values)
    # Older versions of Helm separate the parts by dots.
    assert f"/{path}" in said or f"'{path}'" in said, said


@pytest.mark.parametrize("engines", [[], ["argo"], ["tekton"], ["argo", "tekton"]], ids="+".join)
def test_the_chart_passes_the_strict_lint(helm: Helm, engines: list[str]) -> None:
    """No warnings, with each engine; values of a parent chart are allowed under `global`."""
    done = helm.run("lint", "--strict", str(CHART), values={"engines": engines, "global": {"team": "shop"}})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout


@pytest.mark.parametrize("values", [{}, {"engines": ["argo", "tekton"]}, {"releasesFrom": "team-a"}])
@pytest.mark.parametrize("helm", ["helm4"], indirect=True)  # Helm 3 asks a cluster even in a dry run
def test_the_notes_are_short(helm: Helm, values: Json) -> None:
    """What to do next, in at most ten lines, with the release's namespace."""
    done = helm.run("install", "canary-steps", str(CHART), "--namespace", "shop", "--dry-run=client", values=values)
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:\n")[2].strip().splitlines()
    assert 1 <= len(notes) <= 10
    assert "shop" in "\n".join(notes)
