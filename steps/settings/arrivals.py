"""For steps that need only the API server: Prometheus may tell them when requests have left the canary."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import structlog
from pydantic import Field, ValidationError

from steps.settings.base import StepSettings
from steps.settings.matchers import Matchers
from steps.settings.prometheus import PrometheusAccessSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class ArrivalSettings(PrometheusAccessSettings):
    """For rollback, sweep and undo, which must work without Prometheus."""

    subject: ClassVar[str] = "Prometheus"

    prometheus_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$",
        description="Base URL of Prometheus, which then tells when requests have left the canary. Empty: the proxies "
        "of its pods are asked, else drain-limit-seconds passes.",
    )
    metric_labels: Matchers = Field(
        {},
        examples=[{"cluster": "eu"}, "cluster=eu,region=~eu-.*"],
        description="Additional label matchers of every query, `cluster=eu` or `region=~eu-.*`, separated by commas: "
        "needed where one Prometheus holds several clusters or tenants with the same names.",
    )
    requests_metric: str = Field(
        "",
        pattern=r"^([a-zA-Z_:][a-zA-Z0-9_:]*)?$",
        description="Request counter of the mesh. Empty: istio_requests_total.",
    )

    @classmethod
    def unneeded(cls, given: Mapping[str, Any]) -> frozenset[str]:
        """Return these settings if one of them is wrong: users must get back to stable all the same."""
        return frozenset() if are_usable(given) else COUNTING


COUNTING: Final = frozenset(ArrivalSettings.model_fields) - frozenset(StepSettings.model_fields)
"""Settings by which Prometheus is asked whether requests have left a side."""


def are_usable(given: Mapping[str, Any]) -> bool:
    """Return whether Prometheus can be asked by what is given; otherwise log why it is not."""
    try:
        ArrivalSettings(**{name: value for name, value in given.items() if name in COUNTING})
    except ValidationError as error:
        wrong = sorted({str(one["loc"][0]).replace("_", "-") for one in error.errors() if one["loc"]})
        detail = f"{', '.join(wrong)}: not usable, so Prometheus is not asked whether requests have left the canary"
        log.warning("drain.settings_ignored", detail=detail)
        return False
    return True
