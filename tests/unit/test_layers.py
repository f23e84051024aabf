"""The way of the data: settings → step → traffic / workload / evidence → judge → outputs, never back.

Read from the imports of every file, those inside functions too; nothing is executed.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

from steps.__main__ import STEPS as TABLE

ROOT = Path(__file__).parents[2] / "steps"
FILES = sorted(ROOT.rglob("*.py"))
STEPS = {name.replace("-", "_") for name in TABLE}

# Which parts of `steps` each layer may import; the step files and what wires them stand above all.
MAY_IMPORT = {
    "errors": set(),
    "model": {"model"},
    "judge": {"model", "judge"},
    "http_client": {"http_client"},
    "evidence": {"model", "errors", "http_client", "evidence"},
    "cluster": {"errors", "cluster"},
    "claim": {"model", "errors", "cluster", "claim"},
    "traffic": {"model", "errors", "cluster", "claim", "traffic"},
    "workload": {"model", "errors", "cluster", "claim", "workload"},
    "outputs": {"model", "errors", "http_client", "outputs"},
    "probing": {"model", "http_client", "probing"},
    "completion": {"model", "completion"},
    "registry": {"errors", "http_client", "registry"},
    "flagger": {"errors", "flagger"},
    "settings": {"model", "errors", "flagger", "settings"},
    "actions": {
        "model",
        "errors",
        "cluster",
        "claim",
        "traffic",
        "workload",
        "evidence",
        "probing",
        "judge",
        "actions",
    },
    "survey": {"model", "errors", "cluster", "traffic", "workload", "survey"},
    "manifests": {"model", "errors", "cluster", "traffic", "workload", "survey", "flagger", "manifests"},
    "tekton_pipeline": {"tekton_pipeline"},
    "board_server": {"model", "errors", "cluster", "claim", "outputs", "board_server"},
    "step": {"model", "settings"},
}
FREE = STEPS | {"__main__", "wiring", "__init__"}

# Clients and parsers of the outside world, and the only layers that may hold them.
CLIENTS = {
    "kubernetes": {"cluster"},
    "jsonpatch": {"cluster"},
    "urllib3": {"cluster", "http_client", "evidence", "registry"},
    "requests": {"http_client", "evidence", "probing", "outputs", "registry"},
    "socket": {"board_server", "http_client", "evidence", "registry", "wiring"},
    "pydantic_settings": {"settings", *STEPS},
    "pydantic": {"settings", "claim", *STEPS},
    "yaml": {"settings", "manifests"},
}
NEVER = {"subprocess", "multiprocessing", "pty", "shlex", "pickle", "ctypes"}
CALLED_NEVER = {"system", "popen", "execv", "execve", "fork", "spawnv", "eval", "exec"}


def layer_of(file: Path) -> str:
    """Return the folder under `steps`, or the module's name."""
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def tree_of(file: Path) -> ast.Module:
    """Parse a file, once for all tests."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports_of(file: Path) -> set[str]:
    """Return the full names of all modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            # `from steps import analyze` imports steps.analyze.
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module == "steps"
                else {f"{node.module}"}
            )
    return found


def parts_of(file: Path) -> set[str]:
    """Return the parts of `steps` that a file imports."""
    return {name.split(".")[1] for name in imports_of(file) if name.startswith("steps.")}


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_a_layer_imports_only_what_stands_below_it(layer: str) -> None:
    """Else data would flow back."""
    wrong = {
        f"{file.relative_to(ROOT)} imports steps.{part}"
        for file in FILES
        if layer_of(file) == layer
        for part in parts_of(file) - MAY_IMPORT[layer]
    }
    assert set() == wrong


def test_every_file_belongs_to_a_layer_or_is_a_step() -> None:
    """A new folder needs a place in this table, and a paragraph in docs/architecture.md."""
    assert set() == {layer_of(file) for file in FILES} - set(MAY_IMPORT) - FREE


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_the_outside_world_is_reached_from_its_layer_alone(client: str) -> None:
    """Kubernetes from cluster, Prometheus from evidence."""
    users = {layer_of(file) for file in FILES if any(name.split(".")[0] == client for name in imports_of(file))}
    assert set() == users - CLIENTS[client]
    assert users


def test_only_the_bounded_client_sends_requests() -> None:
    """Else a server without an end could hold a step; the other layers name errors of `requests`, and credentials."""
    sending = {"Session", "get", "post", "put", "head", "delete", "patch", "request", "HTTPAdapter", "urlopen"}
    wrong = {
        f"{file.relative_to(ROOT)}: {ast.unparse(node)}"
        for file in FILES
        if layer_of(file) not in {"http_client", "cluster"}
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute)
        and node.attr in sending
        and ast.unparse(node.value) in {"requests", "urllib3"}
    }
    assert set() == wrong


@pytest.mark.parametrize("layer", ["judge", "model"])
def test_what_only_thinks_needs_the_standard_library_alone(layer: str) -> None:
    """And of that neither files, nor network, nor clock, nor chance."""
    active = {"os", "io", "pathlib", "socket", "time", "random", "secrets", "logging", "threading", "urllib", "http"}
    used = {name.split(".")[0] for file in FILES if layer_of(file) == layer for name in imports_of(file)} - {"steps"}
    assert set() == used - sys.stdlib_module_names
    assert set() == used & active


def test_only_steps_and_what_wires_them_know_settings() -> None:
    """Acts, traffic, workload, evidence and judge get plain arguments."""
    users = {layer_of(file) for file in FILES if "settings" in parts_of(file)}
    assert set() == users - STEPS - {"__main__", "wiring", "step", "settings"}


def test_nothing_is_shelled_out_or_evaluated() -> None:
    """The steps talk to APIs only."""
    wrong = {f"{file.relative_to(ROOT)}: {name}" for file in FILES for name in imports_of(file) & NEVER}
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in CALLED_NEVER:
                wrong.add(f"{file.relative_to(ROOT)}: {ast.unparse(node.func)}")
    assert set() == wrong


def test_no_file_is_a_bag_of_leftovers() -> None:
    """A file has a subject and is named after it."""
    assert set() == {file.name for file in FILES} & {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}


def test_each_step_stands_in_a_file_of_its_own() -> None:
    """`canary-steps set-weight` is steps/set_weight.py, and nothing else stands there."""
    tree = tree_of(ROOT / "__main__.py")
    table = next(
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STEPS"
    )
    assert isinstance(table, ast.Dict)
    names = {ast.literal_eval(key).replace("-", "_") for key in table.keys if key is not None}
    files = {file.stem for file in ROOT.glob("*.py")} - {"__main__", "__init__", "wiring", "step", "errors"}
    assert files == names


def test_environment_is_read_in_settings_and_results_alone() -> None:
    """Whatever steers a step is a setting with a flag; only the paths of results come from the environment."""
    readers = {
        str(file.relative_to(ROOT))
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert {"settings/loading.py", "outputs/results.py"} == readers
