"""Generates all files of charts/canary-steps that nobody edits by hand."""

from tools.charts.metadata import chart_yaml
from tools.charts.monitoring import monitoring_templates
from tools.charts.readme import readme
from tools.charts.shipped import shipped_templates
from tools.charts.sources import ROOT
from tools.charts.values import Values
from tools.charts.values_files import schema_of, values_schema, values_yaml

CHART = ROOT / "charts" / "canary-steps"
BY_HAND = {"templates/_helpers.tpl", "templates/NOTES.txt", ".helmignore"}
_DESCRIPTION = (
    "What a namespace needs for canary releases on Istio by Argo Workflows, Tekton or Helm, without an operator"
)
_KEYWORDS = ("canary", "progressive-delivery", "istio", "argo-workflows", "tekton", "prometheus")
_ONLY_ROLES = {
    "if": {"properties": {"releasesFrom": {"minLength": 1}}, "required": ["releasesFrom"]},
    "then": {"properties": {"engines": {"maxItems": 0}}},
}
"""Where workflows of another namespace release the apps, the engine's objects would have no accounts."""


def generated_files() -> dict[str, str]:
    """Return the text of each file by its path in the chart."""
    schema = schema_of(Values, **_ONLY_ROLES)
    return {
        "Chart.yaml": chart_yaml("canary-steps", _DESCRIPTION, _KEYWORDS),
        "values.yaml": values_yaml(schema),
        "values.schema.json": values_schema(schema),
        "README.md": readme(schema),
        **shipped_templates(),
        **monitoring_templates(),
    }


def write_files() -> list[str]:
    """Write all files, remove those that are left over, and return the paths of those that changed."""
    files = generated_files()
    there = {path.relative_to(CHART).as_posix() for path in CHART.rglob("*") if path.is_file()}
    for path in sorted(there - set(files) - BY_HAND):
        (CHART / path).unlink()
    changed = []
    for path, text in files.items():
        file = CHART / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
