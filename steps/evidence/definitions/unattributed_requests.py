"""The second selector of the requests metric: requests that failed before an upstream was chosen."""

from typing import Final

from steps.evidence.definitions.promql import ArmLabels, equal_matcher, escape_regex, extra_matchers, quote, selector
from steps.evidence.definitions.upstreams import SUBSET_LABEL, UNKNOWN

ATTRIBUTION_LABELS: Final = (
    "destination_workload",
    "destination_service",
    "destination_service_name",
    "destination_service_namespace",
    "source_workload_namespace",
    SUBSET_LABEL,
)
"""Labels by which such a series is attributed to an arm."""


def unattributed_selector(metric: str, arms: ArmLabels, reporter: str) -> str:
    """Return the selector, "" if the arms' Services are unknown.

    The callers' proxies count these requests, whatever the reporter: no pod ever saw them. Services are only matched by
    name here, since the label of their namespace is "unknown" at a caller; `Upstreams.attribute` does the rest.
    """
    if arms.upstreams is None:
        return ""
    names = "|".join(escape_regex(name) for name in arms.upstreams.names)
    known = {label: value for label, value in arms.more.items() if not label.startswith("destination_")}
    return selector(
        metric,
        [
            equal_matcher("reporter", "waypoint" if reporter == "waypoint" else "source"),
            equal_matcher("destination_workload", UNKNOWN),
            f"destination_service_name=~{quote(f'({names})([.:].*)?|{UNKNOWN}')}",
            *extra_matchers(known),
        ],
    )
