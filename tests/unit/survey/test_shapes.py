"""Shapes of real apps: the arms that follow from their manifests, and the problems that doctor finds there.

The head of each file in tests/shapes says what it is, and what must be found for `--app` alone.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from steps.doctor import Settings
from steps.model.names import ReleaseNames
from steps.settings.conventions import release_names
from steps.survey.arms import surveyed_arms
from steps.survey.checks.all_checks import all_problems
from steps.survey.choice import ChosenNames, choose_names
from steps.survey.inference import Hints
from steps.survey.objects import Survey

Json = dict[str, Any]
NAMESPACE = "field"
SHAPES = sorted((Path(__file__).parents[2] / "shapes").glob("*.yaml"))
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=[path.stem for path in SHAPES])


def header(shape: Path, field: str) -> str:
    """Return a field of a shape's head, "" where it has none."""
    start = f"# {field}: "
    return next((line.removeprefix(start) for line in shape.read_text().splitlines() if line.startswith(start)), "")


def survey_of(shape: Path) -> Survey:
    """Return the objects of a shape as a survey lists them, its Deployments rolled out."""
    objects = [_rolled_out(one) for one in yaml.safe_load_all(shape.read_text()) if one]

    def of_kind(kind: str, namespace: str = "") -> tuple[Json, ...]:
        return tuple(one for one in objects if one["kind"] == kind and namespace in {"", one["metadata"]["namespace"]})

    return Survey(
        NAMESPACE, of_kind("VirtualService"), of_kind("DestinationRule"), of_kind("Service", NAMESPACE),
        of_kind("Deployment", NAMESPACE), more=lambda kind: of_kind(kind.name, NAMESPACE),
    )  # fmt: skip


def _rolled_out(obj: Json) -> Json:
    obj = copy.deepcopy(obj)
    if obj["kind"] == "Deployment":
        counts = dict.fromkeys(
            ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), obj["spec"].get("replicas", 1)
        )
        obj["metadata"]["generation"] = 1
        obj["status"] = {"observedGeneration": 1, **counts}
    return obj


def chosen_for(shape: Path) -> ChosenNames:
    """Return the names of a release of the shape's app."""
    return choose_names(survey_of(shape), Hints(header(shape, "app")), None)


def arms_found(shape: Path) -> str:
    """Return the arms as the head writes them, or the first sentence of the refusal."""
    chosen = chosen_for(shape)
    if chosen.refusal is not None:
        return f"refused: {chosen.refusal.cause.splitlines()[0][:100]}"
    names = _names(shape, chosen)
    arms = f"{names.stable} at {names.stable_destination}, {names.canary} at {names.canary_destination}"
    return f"{chosen.topology}, {arms}, in {','.join(map(str, names.virtual_services))}"


def problems_found(shape: Path) -> str:
    """Return the codes of the problems as the head writes them, "none" without one."""
    chosen = chosen_for(shape)
    if chosen.refusal is not None:
        return "not-unique"
    survey = survey_of(shape)
    found = all_problems(survey, surveyed_arms(survey, _names(shape, chosen), chosen.topology))
    return ", ".join(dict.fromkeys(f"{one.gravity} {one.code}" for one in found)) or "none"


def _names(shape: Path, chosen: ChosenNames) -> ReleaseNames:
    given = {**chosen.settings, "topology": chosen.topology}
    return release_names(Settings(app=header(shape, "app"), **given), NAMESPACE)


@every_shape
def test_the_arms_follow_from_the_manifests(shape: Path) -> None:
    """For `--app` alone."""
    assert header(shape, "arms") == arms_found(shape)


@every_shape
def test_doctor_finds_the_problems_of_a_shape(shape: Path) -> None:
    """Each by its code, those that refuse a release first."""
    assert header(shape, "problems") == problems_found(shape)
