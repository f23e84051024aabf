"""The report as text and as JSON."""

import json
from dataclasses import replace

import pytest

from steps.model.trials import Trial
from steps.outputs.report import Report

RUNNING = Report(
    app="shop",
    namespace="demo",
    run="r1",
    state="walking",
    started=1_800_000_000.0,
    weights=((1_800_000_001.0, 5), (1_800_000_031.0, 25)),
    images={"app": "sha256:abc"},
    by="ada",
)
JUDGEMENT = {
    "verdict": "fail",
    "reason": "canary 9/9 = 100 % failed",
    "e_limit": 100.0,
    "metrics": [
        {
            "name": "errors",
            "series": [
                {
                    "label": "",
                    "canary_bad": 9,
                    "canary_total": 9,
                    "stable_bad": 0,
                    "stable_total": 191,
                    "e_value": 2613.4,
                }
            ],
        }
    ],
}


def test_a_running_release_says_so_and_shows_its_weights() -> None:
    """Colleagues ask for these first."""
    text = RUNNING.as_text()
    assert "demo/shop  run r1  walking" in text
    assert "still running" in text
    assert "5 % at 2027-01-15 08:00:01 UTC, 25 % at 2027-01-15 08:00:31 UTC" in text


def test_a_rung_shows_the_numbers_of_both_arms() -> None:
    """Counts, evidence, and the alarm threshold."""
    lines = RUNNING.with_judgements([JUDGEMENT]).as_text().splitlines()
    assert "  rung 1: fail, canary 9/9 = 100 % failed" in lines
    assert ["errors", "9", "/", "9", "0", "/", "191", "2.61e+03"] == lines[-1].split()


def test_the_last_judgement_gives_verdict_and_reason() -> None:
    """Unless the release was promoted, whose record says more."""
    made = RUNNING.with_judgements([JUDGEMENT])
    assert ("fail", "canary 9/9 = 100 % failed") == (made.verdict, made.reason)


@pytest.mark.parametrize(("state", "verdict"), [("rolled-back", "pass"), ("promoted", "unjudged")])
def test_the_record_of_an_ended_release_overrides_its_judgements(state: str, verdict: str) -> None:
    """A release may end for another reason after its last judgement."""
    ended = replace(RUNNING, state=state, verdict=verdict, reason="stable did not become ready", ended=2e9)
    made = ended.with_judgements([JUDGEMENT])
    assert (verdict, "stable did not become ready") == (made.verdict, made.reason)


def test_json_has_a_version_first_and_everything_else() -> None:
    """Programs read it."""
    body = json.loads(RUNNING.with_judgements([JUDGEMENT]).as_json())
    assert "version" == next(iter(body))
    assert (1, "shop", [JUDGEMENT]) == (body["version"], body["app"], body["judgements"])


def test_each_ended_trial_says_when_where_why_and_what_became_of_the_users() -> None:
    """In the text a line for the alarm and one for what it meant; in JSON every field."""
    trial = Trial(1_800_000_040.0, 25, "worse", "canary 9/9 = 100 % failed", "errors", 9, 1, shared=True)
    weights = (*RUNNING.weights, (1_800_000_040.2, 0), (1_800_000_058.2, 1))
    made = replace(RUNNING, weights=weights, trials=(trial,))
    lines = made.as_text().splitlines()
    alarm = "  trial 1  alarm at weight 25 at 2027-01-15 08:00:40 UTC (worse, errors): canary 9/9 = 100 % failed"
    after = lines[lines.index(alarm) + 1].strip()
    assert [
        "all users were on stable for 18 s, until fresh pods began at weight 1",
        "9 requests failed beyond stable's rate",
        "stable failed as well right after it, so the cause was shared",
    ] == after.split("; ")
    assert (25, True, 9) == tuple(
        json.loads(made.as_json())["trials"][0][key] for key in ("weight", "shared", "excess")
    )
