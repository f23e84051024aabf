"""What the role's files say about its variables agrees; Ansible itself is not needed here."""

import configparser
import re
from typing import Any

import pytest
import yaml

from steps.__main__ import find
from tools.ansible_page import PAGE, ROLE, ROOT, options, page

EXAMPLE = ROOT / "examples" / "ansible"


def _yaml(path: str) -> Any:  # noqa: ANN401 - any YAML
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_page_lists_the_variables_as_ansible_checks_them() -> None:
    """`make docs` was run after the last change."""
    assert page() == PAGE.read_text(encoding="utf-8")
    assert "| `canary_apps` | list of dict |" in page()


def test_every_default_is_the_documented_one() -> None:
    """Where one is computed, such as a path of the checkout, the specification has none."""
    defaults = _yaml("ansible/roles/canary_steps/defaults/main.yml")
    assert set(options()) == set(defaults)
    fixed = {name: value for name, value in defaults.items() if "{{" not in str(value)}
    assert fixed == {name: option["default"] for name, option in options().items() if "default" in option}


def test_the_example_sets_variables_of_the_role() -> None:
    """Those in comments, too; and the settings of its app are settings of a release."""
    variables = EXAMPLE / "group_vars" / "clusters.yaml"
    text = variables.read_text(encoding="utf-8")
    assert set() == set(re.findall(r"^(?:# )?(canary_\w+):", text, re.MULTILINE)) - set(options())
    [app] = yaml.safe_load(text)["canary_apps"]
    assert set() == {name.replace("-", "_") for name in app["settings"]} - set(find("rollout").settings.model_fields)


def test_the_example_finds_the_role_and_its_inventory() -> None:
    """From its own folder, as its first comment says."""
    config = configparser.ConfigParser()
    config.read(EXAMPLE / "ansible.cfg", encoding="utf-8")
    assert (EXAMPLE / config["defaults"]["roles_path"] / "canary_steps").resolve() == ROLE.resolve()
    [play] = _yaml("examples/ansible/ctrl.yaml")
    assert play["hosts"] in _yaml("examples/ansible/inventory.yaml")


@pytest.mark.parametrize("name", ["tasks/main.yml", "tasks/summary.yml"])
def test_every_tag_is_documented(name: str) -> None:
    """And every documented tag exists."""
    text = (ROLE / name).read_text(encoding="utf-8")
    assert set(re.findall(r"canary_\w+", str(re.findall(r"tags: \[(.*)\]", text)))) <= _documented_tags()
    assert _documented_tags() <= set(re.findall(r"canary_\w+", (ROLE / "tasks/main.yml").read_text(encoding="utf-8")))


def test_requests_with_a_token_are_never_logged() -> None:
    """Each task that sends headers has no_log."""
    tasks = [
        task for file in sorted((ROLE / "tasks").glob("*.yml")) for task in yaml.safe_load(file.read_text("utf-8"))
    ]
    sending = [task for task in tasks if "headers" in task.get("ansible.builtin.uri", {})]
    assert len(sending) > 5
    assert [] == [task["name"] for task in sending if task.get("no_log") is not True]


def _documented_tags() -> set[str]:
    section = PAGE.read_text(encoding="utf-8").partition("by tags")[2].partition("## Variables")[0]
    return set(re.findall(r"^\| `(canary_\w+)` \|", section, re.MULTILINE))
