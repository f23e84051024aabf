"""Samples of our series: what each state of a release says, whatever its annotations hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from steps.claim.state import dump_state, load_state
from steps.model.listing import ListedApp
from steps.model.looks import Counts, LastLook
from steps.model.run import Claim, Destination, ObjectName, Phase, Record, RouteTarget, RunState
from steps.model.rungs import RungVerdict
from steps.model.trials import Trial
from steps.outputs.metrics import series
from steps.outputs.metrics.exposition import as_classic, as_openmetrics
from steps.outputs.metrics.samples import board_sample, samples_of

AT = ObjectName("demo", "shop")
LOOK = LastLook(200.0, 0.25, (Counts("errors", 50, 1, 150, 2), Counts("latency p99", 50, 0, 150, 3)), 400)
STATE = RunState(
    100.0, 700.0, (RouteTarget(AT, ("main",)),), Destination("shop"), Destination("shop-canary"),
    weights=((110.0, 5), (150.0, 25)), ladder=(5, 25, 50), look=LOOK,
)  # fmt: skip
RECORD = Record("zero", 1, "rolled-back", "errors", 10.0, 40.0)
Found = dict[tuple[str, ...], float]


def app(state: RunState = STATE, phase: Phase = Phase.WALKING, **more: object) -> ListedApp:
    """Return an app with a claim."""
    return replace(ListedApp(AT, "shop", Claim("shop", "one", 2, phase, state)), **more)  # type: ignore[arg-type] # any field


def found(*apps: ListedApp) -> Found:
    """Return (name without the prefix, labels after namespace and app) → value."""
    return {(one.series.name.removeprefix("canary_steps_"), *one.labels[2:]): one.value for one in samples_of(apps)}


def test_a_running_release_has_its_weight_rung_times_and_evidence() -> None:
    """Base units: shares, and unix seconds."""
    seen = found(app())
    assert (0.25, 2.0, 3.0) == (seen["weight_ratio",], seen["rung",], seen["rungs",])
    assert (100.0, 700.0) == (seen["run_start_timestamp_seconds",], seen["claim_expiry_timestamp_seconds",])
    assert (0.25, 400.0, 200.0) == (
        seen["evidence_ratio",],
        seen["requests_at_risk",],
        seen["judged_timestamp_seconds",],
    )
    assert (50.0, 3.0) == (seen["requests", "errors", "canary"], seen["bad_requests", "latency p99", "stable"])
    assert 1.0 == seen["run_info", "one"]


def test_exactly_one_phase_is_set() -> None:
    """Idle without a claim."""
    for one, phase in (
        (app(), "walking"),
        (app(phase=Phase.ROLLING_BACK), "rolling-back"),
        (ListedApp(AT, "shop"), "idle"),
    ):
        phases = {key[1]: value for key, value in found(one).items() if key[0] == "phase"}
        assert {phase} == {name for name, value in phases.items() if value}
        assert 5 == len(phases)


def test_after_a_release_its_outcome_stays_and_its_numbers_go() -> None:
    """Weight 0, idle; the time and the length of the last release."""
    seen = found(ListedApp(AT, "shop", record=RECORD))
    assert (0.0, 1.0) == (seen["weight_ratio",], seen["phase", "idle"])
    assert (40.0, 30.0) == (
        seen["last_release_end_timestamp_seconds", "rolled-back"],
        seen["last_release_duration_seconds", "rolled-back"],
    )
    assert 0.0 == seen["last_release_rescued",]
    assert 1.0 == found(ListedApp(AT, "shop", record=replace(RECORD, rescued="dead")))["last_release_rescued",]
    assert not {"evidence_ratio", "run_info", "rung"} & {key[0] for key in seen}


def test_trials_are_counted_while_it_runs_and_after_it() -> None:
    """The first one is number 1; the next one counts once users meet it. An alarm that ended the run is not earlier."""
    trial = Trial(160.0, 25, "worse", "errors", "errors", 9, 1)
    back = replace(STATE, weights=(*STATE.weights, (160.2, 0)), trials=(trial,))
    again = replace(back, weights=(*back.weights, (190.0, 5)))
    names = "trial", "ended_trials_failed_requests"
    seen = [tuple(found(app(state))[name,] for name in names) for state in (STATE, back, again)]
    assert [(1.0, 0.0), (1.0, 9.0), (2.0, 9.0)] == seen
    record = replace(RECORD, trials=(trial, replace(trial, at=200.0)), weights=again.weights)
    assert 1.0 == found(ListedApp(AT, "shop", record=record))["last_release_earlier_alarms",]


WAITING = replace(STATE, look=replace(LOOK, waiting_since=160.0))


@pytest.mark.parametrize(
    ("state", "phase", "since"),
    [
        (WAITING, Phase.WALKING, 160.0),
        (STATE, Phase.WALKING, 0.0),
        (WAITING, Phase.PROMOTING, 0.0),
        (replace(WAITING, verdicts=(RungVerdict(25, "pass", 201.0),)), Phase.WALKING, 0.0),
        (replace(WAITING, weights=((201.0, 50),)), Phase.WALKING, 0.0),
    ],
    ids=["waits", "no gate", "promoting", "verdict", "next weight"],
)
def test_a_gate_waits_until_something_follows_it(state: RunState, phase: Phase, since: float) -> None:
    """A verdict, another weight or another phase ends it."""
    seen = found(app(state, phase))
    assert float(since > 0) == seen["waiting_for_approval",]
    assert since == seen.get(("waiting_for_approval_since_timestamp_seconds",), 0.0)


def test_a_paused_weight_is_still_its_rung() -> None:
    """The canary's pods are gone for a moment, the weight is 0 meanwhile."""
    seen = found(app(replace(STATE, weights=((110.0, 25), (120.0, 0)), paused_weight=25)))
    assert (0.0, 2.0) == (seen["weight_ratio",], seen["rung",])


def test_a_claim_that_cannot_be_read_has_no_phase() -> None:
    """It is neither idle nor running; the record can still be read."""
    seen = found(ListedApp(AT, "shop", record=RECORD, unreadable=("damaged",), is_claim_unreadable=True))
    assert 1.0 == seen["unreadable",]
    assert not {"phase", "weight_ratio", "waiting_for_approval"} & {key[0] for key in seen}


def test_an_app_on_two_virtual_services_counts_once() -> None:
    """The running one, else the newest record: two samples of one series would spoil the whole scrape."""
    other = ListedApp(ObjectName("demo", "other"), "shop", record=replace(RECORD, outcome="promoted", ended=90.0))
    assert 25 == 100 * found(other, app(), ListedApp(AT, "shop"))["weight_ratio",]
    assert 90.0 == found(ListedApp(AT, "shop", record=RECORD), other)["last_release_end_timestamp_seconds", "promoted"]
    assert len(samples_of([app(), other, app()])) == len(samples_of([app()]))


HOSTILE = ListedApp(
    AT,
    'x"\n\\{}\ud800' + "y" * 500,
    Claim("shop", 'run"\ud800', 1, Phase.WALKING, replace(
        STATE, started=float("nan"), expires=float("inf"), weights=((1.0, 10**400),),
        look=replace(LOOK, counts=(Counts('a"\n\ud800', 1, 1, 1, 1), Counts('a"\n?', 2, 2, 2, 2))),
    )),
    record=replace(RECORD, outcome="x" * 1000),
)  # fmt: skip


def test_what_annotations_hold_cannot_spoil_the_text() -> None:
    """Quotes, line ends, lone surrogates, NaN, huge numbers, unknown outcomes: the rest can be parsed."""
    samples = [*samples_of([HOSTILE, app()]), *board_sample(is_up=True)]
    for families in (parse_openmetrics(as_openmetrics(samples)), parse_classic(as_classic(samples))):
        values = [one for family in families for one in family.samples]
        keys = [(one.name, *sorted(one.labels.items())) for one in values]
        assert len(set(keys)) == len(keys) == len(samples)
    assert "other" in {one.labels[-1] for one in samples if one.series is series.LAST_END}


def test_openmetrics_ends_as_it_must() -> None:
    """With its last line; without any app, too."""
    assert "# EOF\n" == as_openmetrics([])
    assert as_openmetrics(samples_of([app()])).endswith("# EOF\n")


def test_series_follow_the_rules_of_prometheus() -> None:
    """Prefix, base units, few labels, each name once; no label that grows with every release but on the info series."""
    names = [one.name for one in series.ALL]
    assert len(names) == len(set(names))
    for one in series.ALL:
        assert one.name.startswith("canary_steps_")
        assert not one.name.endswith(("_percent", "_milliseconds", "_minutes"))
        assert one.name.endswith("_total") == (str(one.kind) == "counter")
        assert set(one.labels) <= {"namespace", "app", "phase", "arm", "metric", "outcome", "run"}
        assert ("run" in one.labels) == one.name.endswith("_info") == (one.kind == "info")
        assert one.help.endswith(".")


def test_a_look_survives_the_claim_and_a_damaged_one_costs_nothing_else() -> None:
    """The state is read without it."""
    look = replace(LOOK, waiting_since=120.0)
    assert look == load_state(dump_state("shop", replace(STATE, look=look)))[1].look
    assert None is load_state(dump_state("shop", replace(STATE, look=None)))[1].look
    body = dump_state("shop", replace(STATE, look=None))
    for damaged in (
        "3",
        '"x"',
        "[1]",
        "[1,2,3,4,5]",
        '[1,2,3,4,[["a"]]]',
        "[1,2,null,4,[]]",
        "[NaN,1,1,1,[]]",
        "{}",
        f"[1,1,1,1,[['a',{10**400},1,1,1]]]".replace("'", '"'),
    ):
        state = load_state(body[:-1] + f',"look":{damaged}}}')[1]
        assert (None, 100.0) == (state.look, state.started)
