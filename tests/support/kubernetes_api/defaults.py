"""Defaults that the API server fills in, for the fields that the steps read or copy."""

from __future__ import annotations

from tests.support.kubernetes_api.kinds import DEPLOYMENT, POD, REPLICA_SET, SECRET, SERVICE, Json, Kind


def fill(kind: Kind, item: Json) -> None:
    """Add the defaults of `kind` to `item` in place; custom resources have none."""
    spec = item.setdefault("spec", {}) if kind in {DEPLOYMENT, REPLICA_SET, POD, SERVICE} else {}
    if kind is DEPLOYMENT:
        _deployment(spec)
    if kind is REPLICA_SET:
        _default(spec, {"replicas": 1})
    if kind in {DEPLOYMENT, REPLICA_SET} and isinstance(spec.get("template"), dict):
        _pod(spec["template"].setdefault("spec", {}))
    if kind is POD:
        _pod(spec)
        _default(spec, {"enableServiceLinks": True, "serviceAccountName": "default"})
    if kind is SERVICE:
        _service(spec)
    if kind is SECRET:
        item.setdefault("type", "Opaque")


def _default(place: Json, values: Json) -> None:
    for key, value in values.items():
        place.setdefault(key, value)


def _deployment(spec: Json) -> None:
    _default(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = spec.setdefault("strategy", {})
    _default(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        _default(strategy.setdefault("rollingUpdate", {}), {"maxUnavailable": "25%", "maxSurge": "25%"})


def _pod(spec: Json) -> None:
    _default(
        spec,
        {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    )
    if "serviceAccountName" in spec:
        # The deprecated twin is filled in by conversion and so shows up in every read.
        _default(spec, {"serviceAccount": spec["serviceAccountName"]})
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        _container(container)
    for volume in spec.get("volumes", []):
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if source in volume:
                _default(volume[source], {"defaultMode": 420})


def _container(container: Json) -> None:
    image = str(container.get("image", ""))
    by_digest, tag = "@" in image, image.rsplit("/", 1)[-1].partition(":")[2]
    _default(
        container,
        {
            "imagePullPolicy": "Always" if not by_digest and tag in {"", "latest"} else "IfNotPresent",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        },
    )
    for port in container.get("ports", []):
        _default(port, {"protocol": "TCP"})
    for variable in container.get("env", []):
        if "fieldRef" in variable.get("valueFrom", {}):
            _default(variable["valueFrom"]["fieldRef"], {"apiVersion": "v1"})
    for name in ("readinessProbe", "livenessProbe", "startupProbe"):
        if name in container:
            probe = container[name]
            _default(probe, {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
            if "httpGet" in probe:
                _default(probe["httpGet"], {"path": "/", "scheme": "HTTP"})


def _service(spec: Json) -> None:
    _default(spec, {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"})
    for port in spec.get("ports", []):
        _default(port, {"protocol": "TCP", "targetPort": port.get("port")})
