"""`metrics:` in canary.yaml: counters of the application itself, judged beside the standard metrics.

A metric is a pair of counters (bad and all, or bad and good) or a histogram with a bound. Series are named by metric
and label matchers, not by PromQL: the steps read the raw counters, sample by sample, and compute the increases
themselves, since `rate` and `increase` lose the first failures of a new series.
"""

from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.matchers import checked_regex
from steps.settings.specs import EntryName, Spec, parse_entries, unique_names
from steps.settings.written_forms import ReadsAlso, text_form

MAX_METRICS: Final = 12
STANDARD_METRICS: Final = ("errors", "latency", "small-bodies", "answers")

MetricName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=200)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=100)]
Value = Annotated[str, StringConstraints(max_length=500)]


class SeriesSpec(Spec):
    """Series of one raw counter."""

    model_config = ConfigDict(title="series")

    metric: MetricName = Field(description="Name of the counter, or of the histogram's `_bucket` series.")
    match: dict[Label, Value] = Field({}, description="Labels that must have exactly these values.")
    match_regex: dict[Label, Annotated[Value, AfterValidator(checked_regex)]] = Field(
        {}, description="Labels whose whole value must match, in syntax that RE2 and Python share."
    )


def _form(title: str, *given: str) -> JsonSchemaValue:
    """Return the JSON schema of a metric that has these fields of `_one_form`, and of these alone."""
    absent = {name: {"type": "null"} for name in ("bad", "all", "good", "histogram", "above", "below")}
    present = {name: {"type": "number" if name in {"above", "below"} else "object"} for name in given}
    return {"title": title, "type": "object", "required": list(given), "properties": {**absent, **present}}


_FORMS: Final = (
    _form("bad and all events", "bad", "all"),
    _form("bad and good events", "bad", "good"),
    _form("values above a bucket bound", "histogram", "above"),
    _form("values at or below a bucket bound", "histogram", "below"),
)


class MetricSpec(Spec):
    """One custom metric; canary and stable are compared by the share of bad events."""

    model_config = ConfigDict(title="custom metric", json_schema_extra={"oneOf": list(_FORMS)})

    name: EntryName = Field(
        description="Its name in messages.", json_schema_extra={"not": {"enum": list(STANDARD_METRICS)}}
    )
    bad: SeriesSpec | None = Field(None, description="Counts bad events.")
    every: SeriesSpec | None = Field(None, alias="all", description="Counts all events, the bad ones included.")
    good: SeriesSpec | None = Field(None, description="Counts good events, where there is no counter of all events.")
    histogram: SeriesSpec | None = Field(None, description="Buckets of a histogram, instead of bad and all.")
    above: float | None = Field(None, allow_inf_nan=False, description="An observation above this bucket bound is bad.")
    below: float | None = Field(
        None, allow_inf_nan=False, description="An observation at or below this bucket bound is bad."
    )
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
    Field(max_length=MAX_METRICS),
    ReadsAlso(parse_entries, text_form("The list as YAML or JSON.")),
    AfterValidator(unique_names),
]


class MetricsSettings(StepSettings):
    """Metrics of the application that are judged beside the standard ones."""

    subject: ClassVar[str] = "Custom metrics"

    metrics: MetricList = Field((), description="Custom metrics, at most 12; see docs/canary-yaml.md.")
