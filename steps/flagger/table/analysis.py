"""Decisions about spec.analysis; paths begin with it, and spec.canaryAnalysis of older versions has the same fields."""

from typing import Final

from steps.flagger.account import Fate
from steps.flagger.table.row import Row, Type, rows

WEBHOOK_TYPES: Final = (
    "", "confirm-rollout", "pre-rollout", "rollout", "confirm-promotion", "post-rollout", "event", "rollback",
    "confirm-traffic-increase",
)  # fmt: skip

_AT = "spec.analysis"
_BY_WEIGHTS = "Write stepWeights, for example [5, 25, 50]: users then meet the canary by weight and it is judged"
_ALL_READY = "an arm is ready when all of its pods are; allowing fewer would judge the canary with pods missing"
_ALL: Final[dict[object, str]] = {100: "all pods have to be ready"}
_AFFINITY = (
    "a user's requests are divided by weight, one by one; cookies that pin users to an arm need routes that are not "
    "written here. Remove it, or keep Flagger for this app"
)
_AB = "users are divided by weight, not by header, so A/B tests are not offered. Remove match and iterations. "
_SLIDING = "the judge counts every scrape since the weight was set; no window has to be chosen"

ANALYSIS: Final = (
    Row(_AT, None),
    Row(f"{_AT}.interval", Type.TEXT, Fate.TAKEN, "min-seconds, the minimum time on a weight"),
    Row(
        f"{_AT}.iterations", Type.WHOLE, Fate.REFUSED,
        "blue/green checks a canary without users and then moves all of them at once. Remove iterations. "
        + _BY_WEIGHTS,
        {0: "the release goes by weights"},
    ),
    Row(
        f"{_AT}.threshold", Type.WHOLE, Fate.DROPPED,
        "one sequential test looks after every scrape, so failed checks are not counted; alpha limits false alarms",
    ),
    Row(f"{_AT}.maxWeight", Type.WHOLE, Fate.TAKEN, "the last weight of the ladder"),
    Row(f"{_AT}.stepWeight", Type.WHOLE, Fate.TAKEN, "ladder"),
    Row(f"{_AT}.stepWeights", None, Fate.TAKEN, "ladder", is_whole=True),
    Row(f"{_AT}.stepWeights[]", Type.WHOLE),
    Row(
        f"{_AT}.stepWeightPromotion", Type.WHOLE, Fate.DROPPED,
        "the weight returns at once when the promoted pods are ready; `bake-seconds` goes on judging them",
        {0: "the weight returns at once"},
    ),
    Row(
        f"{_AT}.mirror", Type.FLAG, Fate.REFUSED,
        "no traffic is mirrored: a mirrored write would be done twice. Remove mirror; "
        "a first weight of 1 exposes few users",
        {False: "no traffic is mirrored"},
    ),
    Row(f"{_AT}.mirrorWeight", Type.WHOLE, Fate.DROPPED, "it has no effect without mirror: true"),
    Row(f"{_AT}.primaryReadyThreshold", Type.WHOLE, Fate.DROPPED, _ALL_READY, _ALL),
    Row(f"{_AT}.canaryReadyThreshold", Type.WHOLE, Fate.DROPPED, _ALL_READY, _ALL),
    Row(f"{_AT}.match", None, Fate.REFUSED, _AB + _BY_WEIGHTS, is_whole=True),
    *rows(f"{_AT}.match[].headers{{}}", Type.TEXT, "exact prefix suffix regex"),
    *rows(f"{_AT}.match[].queryParams{{}}", Type.TEXT, "exact prefix regex"),
    Row(f"{_AT}.match[].sourceLabels", Type.TEXTS),
    Row(f"{_AT}.metrics"),
    Row(f"{_AT}.metrics[].name", Type.TEXT, Fate.TAKEN, "the metric that is judged", is_required=True),
    Row(f"{_AT}.metrics[].interval", Type.TEXT, Fate.REPLACED, _SLIDING),
    Row(f"{_AT}.metrics[].threshold", Type.NUMBER, Fate.DROPPED, "thresholdRange counts instead, for Flagger too"),
    Row(f"{_AT}.metrics[].thresholdRange"),
    Row(f"{_AT}.metrics[].thresholdRange.min", Type.NUMBER, Fate.DROPPED, "a canary that is better is not a fault"),
    Row(f"{_AT}.metrics[].thresholdRange.max", Type.NUMBER, Fate.DROPPED, "a canary that is better is not a fault"),
    Row(f"{_AT}.metrics[].query", Type.TEXT, Fate.REPLACED, "the judge reads the counters of this query itself"),
    Row(f"{_AT}.metrics[].templateRef", None, Fate.REPLACED, "the judge reads the counters of its query itself",
        is_whole=True),
    *rows(f"{_AT}.metrics[].templateRef", Type.TEXT, "name namespace"),
    Row(f"{_AT}.metrics[].templateVariables", Type.TEXTS, Fate.REPLACED, "filled into the query", is_whole=True),
    Row(f"{_AT}.alerts"),
    Row(
        f"{_AT}.alerts[]", None, Fate.REPLACED,
        "by the step `notify`: run it at the end of the release, with the URL in a file: `--webhook-url-file`",
        is_whole=True,
    ),
    Row(f"{_AT}.alerts[].name", Type.TEXT, is_required=True),
    Row(f"{_AT}.alerts[].severity", Type.TEXT, choices=("", "info", "warn", "error")),
    Row(f"{_AT}.alerts[].providerRef", is_required=True),
    Row(f"{_AT}.alerts[].providerRef.name", Type.TEXT, is_required=True),
    Row(f"{_AT}.alerts[].providerRef.namespace", Type.TEXT),
    Row(f"{_AT}.webhooks"),
    Row(f"{_AT}.webhooks[]", None, is_whole=True, fate=Fate.DROPPED, text="it is not called"),
    *(Row(f"{_AT}.webhooks[].{name}", Type.TEXT, is_required=True) for name in ("name", "url")),
    Row(f"{_AT}.webhooks[].type", Type.TEXT, choices=WEBHOOK_TYPES),
    *rows(f"{_AT}.webhooks[]", Type.FLAG, "muteAlert disableTLS"),
    Row(f"{_AT}.webhooks[].timeout", Type.TEXT),
    Row(f"{_AT}.webhooks[].retries", Type.WHOLE),
    Row(f"{_AT}.webhooks[].metadata", Type.TEXTS),
    Row(f"{_AT}.sessionAffinity", None, Fate.REFUSED, _AFFINITY, is_whole=True),
    *rows(f"{_AT}.sessionAffinity", Type.TEXT, "cookieName primaryCookieName domain path sameSite"),
    *rows(f"{_AT}.sessionAffinity", Type.FLAG, "httpOnly partitioned secure"),
    Row(f"{_AT}.sessionAffinity.maxAge", Type.WHOLE),
)  # fmt: skip
