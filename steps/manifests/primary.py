"""Target-named: the serving Deployment, made once from the one that people deploy, with its autoscaler and budget."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from steps.cluster.api import Cluster, Object
from steps.cluster.kinds import DEPLOYMENT, HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET
from steps.manifests.manifest import Manifest
from steps.manifests.other_arm import arm_labels
from steps.workload.capacity import autoscaler_of
from steps.workload.label_selectors import matches
from steps.workload.template import RESTARTED

_COPIED = ("replicas", "strategy", "minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit")


def primary_manifests(cluster: Cluster, deployed: Object, name: str) -> list[Manifest]:
    """Return the serving Deployment, a copy of the one that people deploy, with its autoscaler and budget."""
    namespace = deployed["metadata"]["namespace"]
    labels = arm_labels(deployed, name)
    selector = _selector(deployed["spec"]["selector"], labels)
    template = deepcopy(deployed["spec"]["template"])
    template["metadata"] = {"labels": labels, **_annotations(template)}
    spec = {key: deepcopy(deployed["spec"][key]) for key in _COPIED if key in deployed["spec"]}
    why = (
        f"Serves the users. Commit it once; after that only promote writes its pod template, a copy of the one judged "
        f"in {deployed['metadata']['name']}."
    )
    body = {"spec": {**spec, "selector": selector, "template": template}}
    made = [Manifest(DEPLOYMENT, namespace, name, body, why, labels)]
    autoscaler = autoscaler_of(cluster, namespace, deployed["metadata"]["name"])
    if autoscaler is not None:
        scaled = deepcopy(autoscaler["spec"])
        scaled["scaleTargetRef"]["name"] = name
        why = f"Scales {name} as {autoscaler['metadata']['name']} scales {deployed['metadata']['name']}."
        made.append(Manifest(HORIZONTAL_POD_AUTOSCALER, namespace, name, {"spec": scaled}, why))
    return [*made, *_budget(cluster, deployed, name, labels)]


def _budget(cluster: Cluster, deployed: Object, name: str, labels: Mapping[str, str]) -> list[Manifest]:
    namespace, pods = deployed["metadata"]["namespace"], deployed["spec"]["template"]["metadata"].get("labels") or {}
    for budget in cluster.list(POD_DISRUPTION_BUDGET, namespace):
        if matches(budget["spec"].get("selector"), pods) and not matches(budget["spec"].get("selector"), labels):
            spec = {**deepcopy(budget["spec"]), "selector": _selector(budget["spec"]["selector"], labels)}
            why = f"Protects the pods of {name} as {budget['metadata']['name']} protects its own."
            return [Manifest(POD_DISRUPTION_BUDGET, namespace, name, {"spec": spec}, why)]
    return []


def _selector(selector: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    chosen = {key: labels[key] for key in selector.get("matchLabels") or {}}
    return {**deepcopy(dict(selector)), "matchLabels": chosen}


def _annotations(template: Object) -> dict[str, Any]:
    kept = {key: value for key, value in (template["metadata"].get("annotations") or {}).items() if key != RESTARTED}
    return {"annotations": kept} if kept else {}
