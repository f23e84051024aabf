"""Decisions about what Kubernetes itself keeps on a Canary, and about the documents beside it."""

from typing import Final

from steps.flagger.account import Fate
from steps.flagger.table.row import Row, Type

_SERVER = (
    "creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation managedFields "
    "ownerReferences resourceVersion selfLink uid"
)

METADATA: Final = (
    Row("metadata", is_required=True),
    Row("metadata.name", Type.TEXT, Fate.REPLACED, "the app is named after spec.targetRef.name", is_required=True),
    Row("metadata.namespace", Type.TEXT, Fate.TAKEN, "namespace"),
    Row("metadata.labels", Type.ANY, Fate.DROPPED, "they are of the Canary, which is no longer needed"),
    Row("metadata.annotations", Type.ANY, Fate.DROPPED, "they are of the Canary, which is no longer needed"),
    *(Row(f"metadata.{name}", Type.ANY, Fate.DROPPED, "kept by the API server") for name in _SERVER.split()),
    Row("status", Type.ANY, Fate.DROPPED, "Flagger's record of its own runs"),
)

_HEAD = (
    Row("apiVersion", Type.TEXT),
    Row("kind", Type.TEXT),
    Row("metadata", is_required=True),
    Row("metadata.name", Type.TEXT, is_required=True),
    Row("metadata.namespace", Type.TEXT),
    *(Row(f"metadata.{name}", Type.ANY) for name in ("labels", "annotations", *_SERVER.split())),
    Row("status", Type.ANY),
)

TEMPLATE: Final = (
    *_HEAD,
    Row(
        "spec.provider.type", Type.TEXT, Fate.REFUSED,
        "only Prometheus is read. Remove the metrics that use this template, or put the counters into Prometheus",
        {"prometheus": "the only source of metrics here"},
    ),
    Row("spec.provider.address", Type.TEXT, Fate.TAKEN, "prometheus-url"),
    Row(
        "spec.provider.headers", Type.ANY, Fate.DROPPED,
        "set `prometheus-header` yourself: they may hold secrets, which do not belong in canary.yaml",
    ),
    Row(
        "spec.provider.secretRef.name", Type.TEXT, Fate.DROPPED,
        "mount the Secret and set `prometheus-token-file`, or `prometheus-username` and `prometheus-password-file`",
    ),
    Row("spec.provider.region", Type.TEXT, Fate.DROPPED, "Prometheus has no region"),
    Row(
        "spec.provider.insecureSkipVerify", Type.FLAG, Fate.DROPPED,
        "certificates are always verified: set `prometheus-ca-file`", {False: "certificates are verified"},
    ),
    Row("spec.query", Type.TEXT, Fate.REPLACED, "the judge reads the counters of this query itself"),
)  # fmt: skip
"""Of a MetricTemplate."""

ALERT: Final = (
    *_HEAD,
    Row("spec.type", Type.TEXT, Fate.REPLACED, "by `notify --webhook-format slack`, or json for others"),
    Row("spec.address", Type.TEXT, Fate.REPLACED, "put it into a Secret and name the file: `--webhook-url-file`"),
    Row("spec.secretRef.name", Type.TEXT, Fate.REPLACED, "mount the Secret and name its file: `--webhook-url-file`"),
    *(
        Row(f"spec.{name}", Type.TEXT, Fate.DROPPED, "the webhook's own channel and user are used")
        for name in ("channel", "username")
    ),
    Row("spec.proxy", Type.TEXT, Fate.REPLACED, "set the variable HTTPS_PROXY of the step `notify`"),
)
"""Of an AlertProvider."""
