"""The templates of the chart that install what workflows/ and tekton/ ship."""

from collections.abc import Iterator

from tools.charts.components import ADDS, condition_of, with_components
from tools.charts.conditions import Json
from tools.charts.settings import with_values
from tools.charts.sources import COMPONENTS, ROOT, Source, source, sources
from tools.charts.template_writer import head, template, under

_OWN = "not .Values.releasesFrom"
_BASE = ROOT / "workflows" / "base"
_POLICY = COMPONENTS / "admission-policy"
_GUARDS = f"and .Values.admissionPolicy.enabled ({_OWN})"
_SHARED = {
    "accounts": (ROOT / "tekton" / "base" / "accounts.yaml", _OWN),
    "roles": (_BASE / "roles" / "roles.yaml", ""),
    "bindings": (_BASE / "bindings.yaml", ""),
    "sweep": (_BASE / "sweep.yaml", f"and .Values.sweep.enabled ({_OWN})"),
    "sweep-permissions": (
        COMPONENTS / "sweep-all-namespaces" / "cluster-role.yaml",
        f"and .Values.sweep.enabled .Values.sweep.allNamespaces ({_OWN})",
    ),
    "board": (COMPONENTS / "board" / "board.yaml", f"and .Values.board.enabled ({_OWN})"),
    "board-permissions": (
        COMPONENTS / "board-all-namespaces" / "cluster-role.yaml",
        f"and .Values.board.enabled .Values.board.allNamespaces ({_OWN})",
    ),
    "policy-virtual-services": (_POLICY / "virtual-services.yaml", _GUARDS),
    "policy-deployments": (_POLICY / "deployments.yaml", _GUARDS),
    "policy-other-writes": (_POLICY / "other-writes.yaml", _GUARDS),
}
"""Templates for every engine → source and condition."""


def shipped_templates() -> dict[str, str]:
    """Return the text of each template by its path in the chart."""
    shared = {path for path, _ in _SHARED.values()}
    found = {f"templates/{name}.yaml": _file(source(path), when) for name, (path, when) in _SHARED.items()}
    for one in _argo():
        if one.path not in shared:
            found[f"templates/argo/{one.path.stem}.yaml"] = _file(one, _argo_condition(one))
    for one in sources(ROOT / "tekton"):
        if one.path.parent != ROOT / "tekton" / "base" and one.path not in shared:
            kind = one.path.relative_to(ROOT / "tekton").parts[0]
            found[f"templates/tekton/{kind}-{one.path.stem}.yaml"] = _file(one, 'include "canary-steps.tekton" .')
    return found


def _argo() -> Iterator[Source]:
    """Yield the files of the base, and those that components add for Argo."""
    for one in sources(_BASE):
        documents = tuple(found for found in one.documents if found["kind"] != "ServiceAccount")
        yield Source(one.path, documents)
    for component in ADDS:
        yield from sources(COMPONENTS / component)


def _argo_condition(one: Source) -> str:
    added = ADDS.get(one.path.parent.name)
    return f'and (include "canary-steps.argo" .) {added}' if added else 'include "canary-steps.argo" .'


def _file(one: Source, condition: str) -> str:
    parts = [head(one.name)]
    for document in one.documents:
        parts += ["---"] if len(one.documents) > 1 else []
        parts.append(_object(document, condition))
    return "\n".join([*parts, ""])


def _object(document: Json, condition: str) -> str:
    text = template(with_values(with_components(document)))
    for one in filter(None, (condition_of(document), condition)):
        text = under(one, text)
    return text
