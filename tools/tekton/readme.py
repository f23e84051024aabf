"""The README of each Task: what it does, its parameters and results, how it is run."""

from typing import Any

import yaml

from tools.tekton.catalog import FINISH, Entry

_TEXT = """\
# canary-{step}

{description}

Written by `make docs`; a test compares it with the Task.

## Install

```
kubectl apply -f tekton/task/{step}/{step}.yaml
```

With accounts and roles, and all other Tasks: `kubectl apply -k tekton`. It needs Tekton Pipelines 1.0 or newer, and
runs as user 65532 with a read-only root file system on linux/amd64 and linux/arm64.
{action}
## Parameters

All are strings. One that is left empty is not set: then `canary.yaml` decides, then the product's default.

| parameter | default | meaning |
|---|---|---|
{params}

## Results

All are strings without a trailing newline, at most 1 kB together, and written on every path: empty where there is no
value.

| result | meaning |
|---|---|
{results}

## Exit codes

{codes}.

## Run it

[samples/{step}.yaml](samples/{step}.yaml) runs it with the account `canary-steps-{account}`: `kubectl create -f`.
"""


def readme(entry: Entry, task: str) -> str:
    """Return the README of a Task that is given as YAML."""
    spec: dict[str, Any] = yaml.safe_load(task)["spec"]
    path = f"../../stepaction/{entry.step}/{entry.step}.yaml"
    action = f"For a step of your own Task take the [StepAction]({path}): the same without volumes.\n"
    return _TEXT.format(
        step=entry.step,
        description=spec["description"].replace("\n", "\n\n"),
        action="" if entry is FINISH else action,
        params="\n".join(_param(one) for one in spec["params"]),
        results="\n".join(f"| `{one['name']}` | {one['description']} |" for one in spec["results"]),
        codes=entry.codes,
        account=entry.account,
    )


def _param(one: dict[str, str]) -> str:
    default = "_(required)_" if "default" not in one else f"`{one['default']}`" if one["default"] else "-"
    return f"| `{one['name']}` | {default} | {one['description'].replace('|', '/')} |"
