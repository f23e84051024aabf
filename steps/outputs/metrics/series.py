"""The one table of our series: names, types, labels, and what they mean."""

from dataclasses import dataclass
from typing import Final, Literal

APP_LABELS: Final = ("namespace", "app")
"""Labels of every series about an app: the namespace of its first VirtualService, and its name."""

IDLE: Final = "idle"
"""The phase of an app without a release."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric.

    Args:
        name: as queries have it.
        help: one sentence.
        when: when it has samples.
        labels: their names.
        kind: its type in OpenMetrics; an info's name ends in `_info`, a counter's in `_total`.
    """

    name: str
    help: str
    when: Literal["always", "during a release", "during a release, once judged", "after a release", "on the board"]
    labels: tuple[str, ...] = APP_LABELS
    kind: Literal["gauge", "info", "counter"] = "gauge"


WEIGHT: Final = Series("canary_steps_weight_ratio", "Weight of the canary as it was last written, 0-1.", "always")
PHASE: Final = Series(
    "canary_steps_phase",
    "1 for the present phase, 0 for the others: idle, prepared, walking, promoting, rolling-back.",
    "always",
    (*APP_LABELS, "phase"),
)
WAITING: Final = Series("canary_steps_waiting_for_approval", "1 while a gate waits for a person.", "always")
UNREADABLE: Final = Series(
    "canary_steps_unreadable", "1 if the claim or the record of the app cannot be read, see `list`.", "always"
)
HOTFIX: Final = Series("canary_steps_hotfix", "1 while a hotfix runs, which is judged without stable.", "always")
RUN_INFO: Final = Series(
    "canary_steps_run_info", "Id of the run, for commands.", "during a release", (*APP_LABELS, "run"), "info"
)
RUNG: Final = Series(
    "canary_steps_rung", "Number of the present weight in the ladder, 0 before the first.", "during a release"
)
RUNGS: Final = Series("canary_steps_rungs", "Number of weights in the ladder, 0 if it is unknown.", "during a release")
RUN_START: Final = Series("canary_steps_run_start_timestamp_seconds", "When the run began.", "during a release")
CLAIM_EXPIRY: Final = Series(
    "canary_steps_claim_expiry_timestamp_seconds",
    "When the claim expires unless the run renews it; then sweep rolls back.",
    "during a release",
)
WAITING_SINCE: Final = Series(
    "canary_steps_waiting_for_approval_since_timestamp_seconds",
    "When the gate began to wait; absent while none waits.",
    "during a release",
)
TRIAL: Final = Series(
    "canary_steps_trial",
    "Number of the trial that users met last: 1, and 1 more each time the canary began again after an alarm.",
    "during a release",
)
TRIAL_FAILED: Final = Series(
    "canary_steps_ended_trials_failed_requests",
    "Requests that failed beyond stable's rate in the trials that ended with an alarm.",
    "during a release",
)
EVIDENCE: Final = Series(
    "canary_steps_evidence_ratio",
    "Evidence against the canary as a share of its line: at 1 the canary fails.",
    "during a release, once judged",
)
REQUESTS: Final = Series(
    "canary_steps_requests",
    "Requests that the judge has counted since the canary's first exposure.",
    "during a release, once judged",
    (*APP_LABELS, "metric", "arm"),
)
BAD_REQUESTS: Final = Series(
    "canary_steps_bad_requests",
    "Those of them that the metric counts against the arm.",
    "during a release, once judged",
    (*APP_LABELS, "metric", "arm"),
)
AT_RISK: Final = Series(
    "canary_steps_requests_at_risk",
    "What the release may still cost: requests that the canary gets at the present traffic if each rung that is left "
    "takes its whole time limit.",
    "during a release, once judged",
)
JUDGED_AT: Final = Series(
    "canary_steps_judged_timestamp_seconds",
    "When evidence, requests and requests at risk were counted.",
    "during a release, once judged",
)
LAST_END: Final = Series(
    "canary_steps_last_release_end_timestamp_seconds",
    "When the last release ended, by outcome: promoted, rolled-back, undone, noop.",
    "after a release",
    (*APP_LABELS, "outcome"),
)
LAST_DURATION: Final = Series(
    "canary_steps_last_release_duration_seconds",
    "How long the last release took.",
    "after a release",
    (*APP_LABELS, "outcome"),
)
LAST_RESCUED: Final = Series(
    "canary_steps_last_release_rescued",
    "1 if the run of the last release died and sweep or the next prepare ended it.",
    "after a release",
)
LAST_ALARMS: Final = Series(
    "canary_steps_last_release_earlier_alarms",
    "Alarms of the last release after which its canary began again.",
    "after a release",
)
BOARD_UP: Final = Series(
    "canary_steps_board_up", "1 while the board can read the VirtualServices, else 0.", "on the board", ()
)
BOARD_LAST_READ: Final = Series(
    "canary_steps_board_last_read_timestamp_seconds",
    "When the VirtualServices of a namespace (* for all) were last read; absent before the first time.",
    "on the board",
    ("namespace",),
)
BOARD_READ_SECONDS: Final = Series(
    "canary_steps_board_read_duration_seconds",
    "How long the last attempt to read them took.",
    "on the board",
    ("namespace",),
)
BOARD_READ_ERRORS: Final = Series(
    "canary_steps_board_read_errors_total",
    "Attempts to read them that failed since the board started.",
    "on the board",
    ("namespace",),
    "counter",
)

ALL: Final = (
    *(WEIGHT, PHASE, WAITING, UNREADABLE, HOTFIX, RUN_INFO, RUNG, RUNGS, RUN_START, CLAIM_EXPIRY, WAITING_SINCE),
    *(TRIAL, TRIAL_FAILED),
    *(EVIDENCE, REQUESTS, BAD_REQUESTS, AT_RISK, JUDGED_AT),
    *(LAST_END, LAST_DURATION, LAST_RESCUED, LAST_ALARMS),
    *(BOARD_UP, BOARD_LAST_READ, BOARD_READ_SECONDS, BOARD_READ_ERRORS),
)
