"""Writes the descriptions of inputs and outputs in workflows/base/canary-steps.yaml: `make docs`.

Only the descriptions of settings and results are generated; everything else in that file is edited by hand.
A test fails when the file and the settings differ.
"""

import re
import sys
from pathlib import Path

import yaml

from steps.__main__ import find
from tools.setting_text import description
from tools.tekton.catalog import RESULT_DESCRIPTIONS
from tools.tekton.yaml_writer import text_field

FILE = Path(__file__).parents[1] / "workflows" / "base" / "canary-steps.yaml"
_TEMPLATE = re.compile(r"(?=^  - name: )", re.MULTILINE)
_PARAMETER = re.compile(
    r"(?P<head>^      - name: (?P<name>[a-z-]+)\n(?:        (?:default|enum): .*\n)*)"
    r"        description: (?:>-\n(?:          .*\n)+|.*\n)",
    re.MULTILINE,
)


def with_descriptions(text: str) -> str:
    """Return the text of the WorkflowTemplate with the present descriptions of settings and results."""
    steps = {one["name"]: one["container"]["args"][0] for one in yaml.safe_load(text)["spec"]["templates"]}
    head, *templates = _TEMPLATE.split(text)
    return head + "".join(_template(template, steps) for template in templates)


def _template(text: str, steps: dict[str, str]) -> str:
    name = text.partition("\n")[0].removeprefix("  - name: ")
    fields = find(steps[name]).settings.model_fields
    # Argo's form shows an `enum` as a list, so the sentences need not repeat the choices.
    settings = {setting.replace("_", "-"): description(field, lists_choices=False) for setting, field in fields.items()}
    # An output may have the name of a setting, for example `weight`.
    inputs, separator, rest = text.partition("    outputs:\n")
    return _replaced(inputs, settings) + separator + _replaced(rest, RESULT_DESCRIPTIONS)


def _replaced(text: str, descriptions: dict[str, str]) -> str:
    def replacement(match: re.Match[str]) -> str:
        if match["name"] not in descriptions:
            return match[0]
        lines = text_field("description", descriptions[match["name"]], indent=8)
        return match["head"] + "\n".join([*lines, ""])

    return _PARAMETER.sub(replacement, text)


if __name__ == "__main__":
    FILE.write_text(with_descriptions(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name}\n")
