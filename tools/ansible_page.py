"""Writes the tables of variables in docs/ansible.md from the role's argument_specs.yml: `make docs`."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ROLE = ROOT / "ansible" / "roles" / "canary_steps"
PAGE = ROOT / "docs" / "ansible.md"
_TABLES = re.compile(r"(<!-- variables -->\n).*?(<!-- end of variables -->)", re.DOTALL)
_HEAD = "| variable | type | default | meaning |\n|---|---|---|---|\n"

Options = Mapping[str, Mapping[str, Any]]


def options() -> Options:
    """Return the options of the role, by their names."""
    found: Options = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))[
        "argument_specs"
    ]["main"]["options"]
    return found


def page() -> str:
    """Return docs/ansible.md with the tables that the argument specification describes."""
    known = options()
    apps = f"An entry of `canary_apps`:\n\n{_table(known['canary_apps']['options'])}"
    return _TABLES.sub(rf"\1\n{_table(known)}\n{apps}\n\2", PAGE.read_text(encoding="utf-8"))


def _table(known: Options) -> str:
    return _HEAD + "".join(f"{_row(name, option)}\n" for name, option in known.items())


def _row(name: str, option: Mapping[str, Any]) -> str:
    described = option["description"]
    meaning = described if isinstance(described, str) else " ".join(described)
    kind = f"list of {option['elements']}" if "elements" in option else option["type"]
    if "choices" in option:
        kind = " or ".join(f"`{one}`" for one in option["choices"])
    return f"| `{name}` | {kind} | {_default(option)} | {meaning} |"


def _default(option: Mapping[str, Any]) -> str:
    if option.get("required"):
        return "required"
    default = option.get("default", "")
    return "-" if default == "" else f"`{default if isinstance(default, str) else json.dumps(default)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
