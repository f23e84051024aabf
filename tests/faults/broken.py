"""Steps that break one promise each, on purpose: the harness must notice every one of them."""

from __future__ import annotations

from typing import Any

from steps.cluster.kinds import DEPLOYMENT, VIRTUAL_SERVICE
from steps.step import StepEnd
from tests.faults import stages
from tests.faults.lab import Process
from tests.faults.stories import PREPARED, WALKED, Story
from tests.faults.watch import BYSTANDER
from tests.support.shop_release import APP, NAMESPACE

_DONE = StepEnd({"outcome": "rolled-back"})


def _replace(process: Process, kind: Any, name: str, path: str, value: Any) -> None:  # noqa: ANN401 - JSON
    process.cluster.patch(kind, NAMESPACE, name, [{"op": "replace", "path": path, "value": value}])


def _leaves_users(process: Process) -> StepEnd:
    process.cluster.get(VIRTUAL_SERVICE, NAMESPACE, APP)
    return _DONE


def _scales_down_first(process: Process) -> StepEnd:
    _replace(process, DEPLOYMENT, stages.CANARY, "/spec/replicas", 0)
    return process.rollback()


def _forgets_tokens(process: Process) -> StepEnd:
    """End the claim of the VirtualService alone."""
    metadata = process.cluster.get(VIRTUAL_SERVICE, NAMESPACE, APP)["metadata"]
    _replace(process, VIRTUAL_SERVICE, APP, "/spec/http/0/route/0/weight", 100)
    _replace(process, VIRTUAL_SERVICE, APP, "/spec/http/0/route/1/weight", 0)
    kept = {key: value for key, value in metadata["annotations"].items() if "canary-steps.io" not in key}
    _replace(process, VIRTUAL_SERVICE, APP, "/metadata/annotations", kept)
    _replace(process, VIRTUAL_SERVICE, APP, "/metadata/labels", {})
    return _DONE


def _changes_hosts(process: Process) -> StepEnd:
    _replace(process, VIRTUAL_SERVICE, APP, "/spec/hosts", ["elsewhere"])
    return process.rollback()


def _touches_another_app(process: Process) -> StepEnd:
    _replace(process, DEPLOYMENT, BYSTANDER, "/spec/replicas", 3)
    return process.rollback()


def _deploys_another_version(process: Process) -> StepEnd:
    _replace(process, DEPLOYMENT, APP, "/spec/template/spec/containers/0/image", "shop:3")
    return process.rollback()


def _crashes(process: Process) -> StepEnd:
    return StepEnd({"outcome": process.cluster.get(DEPLOYMENT, NAMESPACE, APP)["spec"]["no such field"]})


def _waits_for_deployments(process: Process) -> StepEnd:
    process.cluster.get(DEPLOYMENT, NAMESPACE, APP)
    return process.rollback()


def _writes_without_token(process: Process) -> StepEnd:
    _replace(process, DEPLOYMENT, stages.CANARY, "/spec/replicas", 2)
    return _DONE


def _sends_users_to_no_pods(process: Process) -> StepEnd:
    _replace(process, DEPLOYMENT, stages.CANARY, "/spec/replicas", 0)
    process.settle()
    _replace(process, VIRTUAL_SERVICE, APP, "/spec/http/0/route/1/weight", 50)
    return _DONE


BROKEN: dict[str, Story] = {
    "broken/leaves-users": Story(stages.stable_named, WALKED, _leaves_users, is_way_back=True),
    "broken/scales-down-first": Story(stages.stable_named, WALKED, _scales_down_first),
    "broken/forgets-tokens": Story(stages.stable_named, WALKED, _forgets_tokens, is_way_back=True),
    "broken/changes-hosts": Story(stages.stable_named, WALKED, _changes_hosts),
    "broken/touches-another-app": Story(stages.stable_named, WALKED, _touches_another_app),
    "broken/deploys-another-version": Story(stages.stable_named, WALKED, _deploys_another_version),
    "broken/crashes": Story(stages.stable_named, PREPARED, _crashes),
    "broken/waits-for-deployments": Story(stages.stable_named, WALKED, _waits_for_deployments, is_way_back=True),
    "broken/writes-without-token": Story(stages.stable_named, WALKED, _writes_without_token),
    "broken/sends-users-to-no-pods": Story(stages.stable_named, PREPARED, _sends_users_to_no_pods),
}
