"""Decisions about a Canary's head: its target, autoscaler, provider and how it is run."""

from typing import Final

from steps.flagger.account import Fate
from steps.flagger.table.row import Row, Type, rows

PROVIDERS: Final = (
    "apisix", "appmesh", "appmesh:v1beta2", "contour", "gatewayapi:v1", "gatewayapi:v1beta1", "gloo", "istio",
    "knative", "kubernetes", "kuma", "linkerd", "nginx", "osm", "skipper", "smi:v1alpha1", "smi:v1alpha2",
    "smi:v1alpha3", "traefik",
)  # fmt: skip

_OTHER_PROVIDER = (
    "only Istio's VirtualServices are supported. Keep Flagger for this app, or move it to Istio first and write "
    "`provider: istio`"
)
_NOT_ISTIO = (
    "only another provider than Istio reads it. Remove the field, or write `provider: istio` if the app is on Istio"
)
_SCALER = (
    "the autoscaler of each Deployment is found on the live objects; keep the one that Flagger made for the primary"
)

RELEASE: Final = (
    Row("apiVersion", Type.TEXT, Fate.TAKEN, "a Canary of Flagger", is_required=True),
    Row("kind", Type.TEXT, Fate.TAKEN, "a Canary of Flagger", is_required=True),
    Row("spec", is_required=True),
    Row(
        "spec.provider", Type.TEXT, Fate.REFUSED, _OTHER_PROVIDER, {"istio": "the only provider here"},
        choices=PROVIDERS,
    ),
    Row("spec.metricsServer", Type.TEXT, Fate.TAKEN, "prometheus-url"),
    Row("spec.progressDeadlineSeconds", Type.WHOLE, Fate.TAKEN, "ready-timeout-seconds"),
    Row("spec.targetRef", is_required=True),
    Row("spec.targetRef.apiVersion", Type.TEXT, Fate.TAKEN, "the cluster's own version is used", is_required=True),
    Row(
        "spec.targetRef.kind", Type.TEXT, Fate.REFUSED,
        "only Deployments are released: one arm serves while the other is judged. Keep Flagger for this app, or make "
        "it a Deployment",
        {"Deployment": "the kind that is released"}, choices=("DaemonSet", "Deployment", "Service"), is_required=True,
    ),
    Row("spec.targetRef.name", Type.TEXT, Fate.TAKEN, "app, canary and stable (`-primary`)", is_required=True),
    Row("spec.autoscalerRef"),
    Row("spec.autoscalerRef.apiVersion", Type.TEXT, Fate.REPLACED, _SCALER, is_required=True),
    Row(
        "spec.autoscalerRef.kind", Type.TEXT, Fate.DROPPED,
        "nothing pauses the ScaledObject between releases: set its annotation autoscaling.keda.sh/paused-replicas "
        "yourself, or pods of the last version keep running at weight 0",
        {"HorizontalPodAutoscaler": _SCALER}, choices=("HorizontalPodAutoscaler", "ScaledObject"), is_required=True,
    ),
    Row("spec.autoscalerRef.name", Type.TEXT, Fate.REPLACED, _SCALER, is_required=True),
    Row(
        "spec.autoscalerRef.primaryScalerQueries", Type.TEXTS, Fate.DROPPED,
        "the primary's ScaledObject stays as Flagger made it; change its queries there", is_whole=True,
    ),
    Row(
        "spec.autoscalerRef.primaryScalerReplicas", None, Fate.DROPPED,
        "the primary's autoscaler stays as Flagger made it; change its bounds there", is_whole=True,
    ),
    *rows("spec.autoscalerRef.primaryScalerReplicas", Type.WHOLE, "minReplicas maxReplicas"),
    Row("spec.ingressRef", None, Fate.REFUSED, _NOT_ISTIO, is_whole=True),
    *rows("spec.ingressRef", Type.TEXT, "apiVersion kind name"),
    Row("spec.routeRef", None, Fate.REFUSED, _NOT_ISTIO, is_whole=True),
    *rows("spec.routeRef", Type.TEXT, "apiVersion kind name"),
    Row("spec.upstreamRef", None, Fate.REFUSED, _NOT_ISTIO, is_whole=True),
    *rows("spec.upstreamRef", Type.TEXT, "apiVersion kind name namespace"),
    Row(
        "spec.skipAnalysis", Type.FLAG, Fate.REFUSED,
        "a release without a judgement is not offered as a standing order. Set it to false; to promote once without a "
        'judgement: `promote --unjudged "reason"`',
        {False: "every release is judged"},
    ),
    Row(
        "spec.revertOnDeletion", Type.FLAG, Fate.DROPPED,
        "Flagger would send all users back to the target when the Canary is deleted: set it to false before the move",
        {False: "nothing is reverted: the primary goes on serving"},
    ),
    Row(
        "spec.suspend", Type.FLAG, Fate.DROPPED,
        "nothing watches the Deployment: a release begins only when somebody starts it",
        {False: "a release begins when somebody starts it"},
    ),
)  # fmt: skip
