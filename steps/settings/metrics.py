"""`metrics:` in canary.yaml: counters of the application itself, judged beside the standard metrics.

A metric is a pair of counters (bad and all, or bad and good) or a histogram with a bound. Series are named by metric
and label matchers, not by PromQL: the steps read the raw counters, sample by sample, and compute the increases
themselves, since `rate` and `increase` lose the first failures of a new series.
"""

from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.matchers import checked_regex
from steps.settings.specs import EntryName, Spec, parse_entries, unique_names

MAX_METRICS: Final = 12
STANDARD_METRICS: Final = ("errors", "latency", "small-bodies", "answers")

MetricName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=200)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=100)]
Value = Annotated[str, StringConstraints(max_length=500)]


class SeriesSpec(Spec):
    """Series of one raw counter."""

    metric: MetricName = Field(description="Name of the counter, or of the histogram's `_bucket` series.")
    match: dict[Label, Value] = Field({}, description="Labels that must have exactly these values.")
    match_regex: dict[Label, Annotated[Value, AfterValidator(checked_regex)]] = Field(
        {}, description="Labels whose whole value must match, in syntax that RE2 and Python share."
    )


class MetricSpec(Spec):
    """One custom metric; canary and stable are compared by the share of bad events."""

    name: EntryName = Field(description="Its name in messages.")
    bad: SeriesSpec | None = Field(None, description="Counts bad events.")
    every: SeriesSpec | None = Field(None, alias="all", description="Counts all events, the bad ones included.")
    good: SeriesSpec | None = Field(None, description="Counts good events, where there is no counter of all events.")
    histogram: SeriesSpec | None = Field(None, description="Buckets of a histogram, instead of bad and all.")
    above: float | None = Field(None, description="An observation above this bucket bound is bad.")
    below: float | None = Field(None, description="An observation at or below this bucket bound is bad.")
    unit: str = Field("", max_length=20, description="Unit of the bound, for messages.")
    arm_label: Label | None = Field(
        None, description="Label that tells the arms apart. Unset: `pod`, by the names of the Deployments' pods."
    )
    stable_label_value: Value = Field("", description="Its value for stable. Empty: the stable Deployment's name.")
    canary_label_value: Value = Field("", description="Its value for the canary. Empty: the canary Deployment's name.")
    baseline_label_value: Value = Field(
        "", description="Its value for the baseline. Empty: the baseline's name, or stable where its value is given."
    )
    namespace_label: Annotated[str, StringConstraints(pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?$")] | None = Field(
        None,
        description="Label with the arms' namespace. Unset: namespace, exported_namespace or another that Prometheus"
        " has. Empty: none.",
    )
    weight: float = Field(1.0, gt=0, le=100, description="Relative share of the custom metrics' error budget.")
    tolerated_difference: float = Field(
        0.01, gt=0, lt=1, description="Minimum difference of the bad shares (0-1) that counts as harm."
    )
    required: bool = Field(default=True, description="Nothing passes without series of both arms.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.name in STANDARD_METRICS:
            raise ValueError(f"{self.name!r} is the name of a standard metric; choose another")
        totals, bounds = [self.every, self.good], [self.above, self.below]
        pair = self.bad is not None and totals.count(None) == 1
        if self.histogram is None and pair and bounds == [None, None]:
            return self
        if self.histogram is not None and self.bad is None and totals == [None, None] and bounds.count(None) == 1:
            return self
        raise ValueError("needs `bad` with one of `all` and `good`, or `histogram` with one of `above` and `below`")


MetricList = Annotated[
    tuple[MetricSpec, ...],
    NoDecode,
    BeforeValidator(parse_entries),
    Field(max_length=MAX_METRICS),
    AfterValidator(unique_names),
]


class MetricsSettings(StepSettings):
    """Metrics of the application that are judged beside the standard ones."""

    subject: ClassVar[str] = "Custom metrics"

    metrics: MetricList = Field((), description="Custom metrics, at most 12; see docs/canary-yaml.md.")
