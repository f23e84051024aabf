"""The README of each Task: what it does, its parameters and results, how to run it."""

from textwrap import fill
from typing import Any

import yaml

from tools.tekton.catalog import FINISH, CatalogEntry

_TEXT = """\
# canary-{step}

{description}

Written by `make docs`; a test compares it with the Task.

## Install

```
kubectl apply -f tekton/task/{step}/{step}.yaml
```

To install all Tasks with their accounts and roles: `kubectl apply -k tekton`. The Task needs Tekton
Pipelines 1.0 or newer. It runs as user 65532 with a read-only root file system on linux/amd64 and
linux/arm64.
{action}
## Parameters

All parameters are strings. An empty one is not set: then `canary.yaml` decides, then the product's
default.

| parameter | default | meaning |
|---|---|---|
{params}

## Results

All results are strings without a trailing newline, at most 1 kB together. Every result is written
even if the step fails; it is empty if there is no value.

| result | meaning |
|---|---|
{results}

## Exit codes

{exit_codes}

## Run it

Edit [samples/{step}.yaml](samples/{step}.yaml), then create it with `kubectl create -f`. It runs as
`canary-steps-{account}`.
"""


def task_readme(entry: CatalogEntry, task: str) -> str:
    """Return the README of a Task.

    Args:
        entry: the Task's entry in the catalog.
        task: the Task as YAML.
    """
    spec: dict[str, Any] = yaml.safe_load(task)["spec"]
    path = f"../../stepaction/{entry.step}/{entry.step}.yaml"
    action = f"For a step in a Task of your own, use the [StepAction]({path}): it is the same without volumes.\n"
    return _TEXT.format(
        step=entry.step,
        description="\n\n".join(map(_wrapped, spec["description"].split("\n"))),
        action="" if entry is FINISH else action,
        params="\n".join(_param(one) for one in spec["params"]),
        results="\n".join(f"| `{one['name']}` | {one['description']} |" for one in spec["results"]),
        exit_codes=_wrapped(f"{entry.exit_codes}."),
        account=entry.account,
    )


def _wrapped(text: str) -> str:
    return fill(text, 100, break_on_hyphens=False)


def _param(one: dict[str, str]) -> str:
    default = "_(required)_" if "default" not in one else f"`{one['default']}`" if one["default"] else "-"
    return f"| `{one['name']}` | {default} | {one['description'].replace('|', '/')} |"
