"""The one table of panels: what each answers, its queries, its unit, and how it is drawn."""

from dataclasses import dataclass
from typing import Final, Literal

from tools.dashboards import queries
from tools.dashboards.queries import ARMS, QUANTILES, own

_OWN: Final = "Needs the series of canary-steps (docs/metrics.md); without them this panel is empty."
_MESH: Final = "From the mesh alone."


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel.

    Args:
        expr: PromQL with Grafana's variables.
        legend: in Grafana's form.
        is_instant: only the newest value.
    """

    expr: str
    legend: str
    is_instant: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Args:
        title: what it shows.
        answers: the question that it answers, and what its numbers need.
        queries: in the order of the legend.
        kind: how it is drawn.
        unit: Grafana's name of the unit.
        width: of 24 columns.
        height: in rows.
        scale: `log` for values over several powers of ten.
        top: largest value of the axis, None for any.
        since: a time range of its own, such as `7d`; "" for the dashboard's.
        text: what a stat shows, `value` or the series' `name`.
    """

    title: str
    answers: str
    queries: tuple[Query, ...]
    kind: Literal["timeseries", "stat", "table"] = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    scale: Literal["linear", "log"] = "linear"
    top: float | None = None
    since: str = ""
    text: Literal["value", "name"] = "value"


def _now(
    title: str, answers: str, expr: str, unit: str = "short", *, text: Literal["value", "name"] = "value"
) -> Panel:
    shown = Query(expr, "{{phase}}" if text == "name" else "", is_instant=True)
    return Panel(title, f"{answers} {_OWN}", (shown,), "stat", unit, width=4, height=4, text=text)


NOW: Final = (
    _now("Phase", "Does a release run, and how far is it?", f"{own('canary_steps_phase')} == 1", text="name"),
    _now("Rung", "Which weight of the ladder is this?", own("canary_steps_rung")),
    _now("Rungs", "How many weights has the ladder?", own("canary_steps_rungs")),
    _now("Requests at risk", "What may the release still cost, at most?", own("canary_steps_requests_at_risk")),
    _now(
        "Waits for a person",
        "For how long has a gate been waiting? 0 where none waits.",
        f"(time() - {own('canary_steps_waiting_for_approval_since_timestamp_seconds')})"
        f" or {own('canary_steps_waiting_for_approval')}",
        "s",
    ),
    _now(
        "Claim expires in",
        "Is the run alive? Below 0 it is dead, and sweep should have rolled it back.",
        f"{own('canary_steps_claim_expiry_timestamp_seconds')} - time()",
        "s",
    ),
)

RELEASE: Final = (
    Panel(
        "Weight",
        "Do users get what was set? The set weight needs the series of canary-steps, the observed share does not.",
        (Query(own("canary_steps_weight_ratio"), "set"), Query(queries.observed_weight(), "observed")),
        unit="percentunit",
        top=1.0,
    ),
    Panel(
        "Evidence against the canary",
        f"How close is the canary to a fail? At the line it fails; the scale is logarithmic. {_OWN}",
        (Query(own("canary_steps_evidence_ratio"), "evidence"), Query("vector(1)", "line")),
        scale="log",
    ),
    Panel(
        "Requests that the judge counted",
        f"Which metric speaks against the canary? Counts since its first exposure. {_OWN}",
        (
            Query(own("canary_steps_bad_requests"), "{{metric}}: {{arm}}, bad", is_instant=True),
            Query(own("canary_steps_requests"), "{{metric}}: {{arm}}, all", is_instant=True),
        ),
        "table",
        width=20,
        height=7,
    ),
    Panel(
        "Trial",
        "Is it the canary's first attempt? Above 1 an alarm returned all users to stable before; and what the ended"
        f" trials cost, in requests beyond stable's rate. {_OWN}",
        (
            Query(own("canary_steps_trial"), "trial", is_instant=True),
            Query(own("canary_steps_ended_trials_failed_requests"), "failed", is_instant=True),
        ),
        "stat",
        width=4,
        height=7,
    ),
)

USERS: Final = (
    Panel(
        "Requests per second",
        f"Do both arms get requests? {_MESH}",
        tuple(Query(queries.requests(arm), arm) for arm in ARMS),
        unit="reqps",
    ),
    Panel(
        "Success",
        "Which arm fails? 5xx, Envoy's failure flags and gRPC server faults are failures, as the judge counts them;"
        f" requests that never reached an arm are not in it. {_MESH}",
        tuple(Query(queries.success(arm), arm) for arm in ARMS),
        unit="percentunit",
        top=1.0,
    ),
    Panel(
        "Latency",
        f"Which arm is slow? Median, p90 and p99 of each. {_MESH}",
        tuple(Query(queries.latency(arm, at), f"{arm} p{at * 100:g}") for arm in ARMS for at in QUANTILES),
        unit="ms",
    ),
    Panel(
        "Small bodies",
        "Does an arm answer 200 with nothing in it? Share of successful answers with at most $small bytes, headers"
        f" included; choose a size that few answers of stable have. {_MESH}",
        tuple(Query(queries.small_bodies(arm), arm) for arm in ARMS),
        unit="percentunit",
        top=1.0,
    ),
    *(
        Panel(
            f"Answers of {arm}",
            f"Which codes does it answer? {_MESH}",
            (Query(queries.answers(arm), "{{response_code}}"),),
            unit="reqps",
        )
        for arm in ARMS
    ),
)

PAST: Final = (
    Panel(
        "Releases of the last days",
        f"What happened to the last releases, and when did they end? {_OWN}",
        (Query(f"{own('canary_steps_last_release_end_timestamp_seconds')} * 1000", ""),),
        "table",
        "dateTimeAsIso",
        width=10,
        since="7d",
    ),
    Panel(
        "Duration of releases",
        f"Do releases take longer than they did? {_OWN}",
        (Query(own("canary_steps_last_release_duration_seconds"), "{{outcome}}"),),
        unit="s",
        width=7,
        since="7d",
    ),
    Panel(
        "Alarms before the end",
        f"Do good releases return their users first? Alarms after which the canary was tried again. {_OWN}",
        (Query(own("canary_steps_last_release_earlier_alarms"), "alarms"),),
        width=7,
        since="7d",
    ),
)

ROWS: Final = {"The release now": NOW, "Its judgement": RELEASE, "Its users": USERS, "Past releases": PAST}
"""Title of a row → its panels."""

ALL: Final = tuple(panel for panels in ROWS.values() for panel in panels)
