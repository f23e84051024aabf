"""What a pod template refers to by name: ConfigMaps, Secrets, PersistentVolumeClaims (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any

from steps.workload.template import containers


def volume_claims(template: Mapping[str, Any]) -> list[str]:
    """Return the names of the PersistentVolumeClaims that a template mounts, in order."""
    volumes = (template.get("spec") or {}).get("volumes") or []
    claims = [entry["persistentVolumeClaim"] for entry in volumes if entry.get("persistentVolumeClaim")]
    return sorted({str(claim["claimName"]) for claim in claims})


def config_references(template: Mapping[str, Any]) -> set[str]:
    """Return the ConfigMaps and Secrets that a template reads, as "ConfigMap shop-config"."""
    return {*_from_volumes(template), *_from_environment(template)}


def _from_volumes(template: Mapping[str, Any]) -> Iterator[str]:
    for volume in (template.get("spec") or {}).get("volumes") or []:
        for source in (volume, *((volume.get("projected") or {}).get("sources") or [])):
            if source.get("configMap"):
                yield f"ConfigMap {source['configMap'].get('name')}"
            secret = source.get("secret") or {}
            if secret:
                yield f"Secret {secret.get('secretName') or secret.get('name')}"


def _from_environment(template: Mapping[str, Any]) -> Iterator[str]:
    for container in containers(template):
        for source in container.get("envFrom") or []:
            if source.get("configMapRef"):
                yield f"ConfigMap {source['configMapRef'].get('name')}"
            if source.get("secretRef"):
                yield f"Secret {source['secretRef'].get('name')}"
        for entry in container.get("env") or []:
            origin = entry.get("valueFrom") or {}
            if origin.get("configMapKeyRef"):
                yield f"ConfigMap {origin['configMapKeyRef'].get('name')}"
            if origin.get("secretKeyRef"):
                yield f"Secret {origin['secretKeyRef'].get('name')}"
