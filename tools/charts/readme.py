"""The README of the chart, with the table of its values."""

from tools.charts.conditions import Json
from tools.charts.values_files import values_table

_TEXT = """\
# Chart canary-steps

What a namespace needs for canary releases on Istio: service accounts with their roles, the CronJob
that rolls back dead runs, and the templates of Argo Workflows or the Tasks, StepActions and
Pipelines of Tekton. It contains no custom resource definitions and no controller. Options: the board,
the Grafana dashboard, alert rules, and PodMonitors for Istio's proxies and the board. What an app's
own chart takes as a dependency is the chart `canary`.

Written by `make docs` from `workflows/`, `tekton/` and `tools/charts/values.py`; tests compare
`helm template` with `kubectl kustomize`.

## Install

It needs Helm 3 or 4, and the engine that you choose, since that brings its resource definitions:

```
helm install canary-steps charts/canary-steps -n shop --set engines='{{argo}}'
helm upgrade canary-steps charts/canary-steps -n shop --set engines='{{argo,tekton}}' --set sweep.schedule='*/3 * * * *'
helm uninstall canary-steps -n shop
```

Names in the namespace are fixed, because workflows refer to them: one release in each namespace. If
`kubectl apply -k` installed the same objects there, let Helm take them over:
`helm install … --take-ownership`. A value of the wrong type or range is refused with its path. An
uninstall leaves running releases without their accounts: wait until `canary-steps list` shows none.

## Namespaces

- Each team releases in its own namespace: install the chart there.
- One namespace releases for all: install it there with `sweep.allNamespaces=true`, and in each
  namespace of apps with `releasesFrom=THAT-NAMESPACE`, which adds only roles and bindings.
- Several namespaces share one copy of Argo's step templates: one release has
  `argo.clusterTemplates=install`, the others have `use`.

The ClusterRole and ClusterRoleBinding of `sweep.allNamespaces` carry the release's namespace in
their names, so releases do not collide.

## Values

{values}
"""


def readme(schema: Json) -> str:
    """Return the README; the table comes from the schema of the values."""
    return _TEXT.format(values=values_table(schema))
