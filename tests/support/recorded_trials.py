"""A rollout of several trials that reads a Prometheus of counters, and records it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steps.evidence.comparison import WITH_STABLE, Comparison
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Recorder
from steps.model.evidence import Evidence
from steps.settings.judge import RULES, RuleSettings, rules_to_record
from tests.support.fake_cluster import FakeCluster
from tests.support.kubernetes_api.kinds import POD, Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.trial_evidence import BadPods

CANARY = f"{APP}-canary"
_PAST = 31
"""Scrapes of stable alone before the first read: with them one scrape in which the canary fails can be an alarm."""


def recorder_of(path: Path, given: dict[str, Any]) -> Recorder:
    """Return the recorder of a rollout with these settings."""
    arms = {"stable": APP, "canary": CANARY, "namespace": NAMESPACE, "label": "destination_workload"}
    rules = rules_to_record(RuleSettings.model_validate({name: given[name] for name in RULES if name in given}))
    return Recorder(path, {"app": APP, "namespace": NAMESPACE, "arms": arms, "rules": rules})


class Counters(Prometheus):
    """A Prometheus that has scraped requests of both arms: workload and status → (time, all so far), oldest first."""

    def __init__(self, recorder: Recorder, scrape_seconds: float) -> None:
        super().__init__(Access("http://prometheus.test"))
        self._recorder, self._seconds, self.now = recorder, scrape_seconds, 0.0
        self._samples: dict[tuple[str, str], list[tuple[float, int]]] = {}

    def scrape(self, now: float, requests: dict[tuple[str, str], int]) -> None:
        """Take a scrape in which so many requests are new; before the first one stable had a quiet past."""
        self.now = now
        for key in [(APP, "200"), (APP, "503"), (CANARY, "200"), (CANARY, "503")]:
            each = 50 if key == (APP, "200") else 0
            past = [(now - self._seconds * (_PAST - number), each * number) for number in range(_PAST)]
            samples = self._samples.setdefault(key, past)
            samples.append((now, samples[-1][1] + requests.get(key, 0)))

    def query(self, promql: str) -> QueryResponse:
        """Answer, and record the answer."""
        if "by (reporter)" in promql:
            found: list[Json] = [{"metric": {"reporter": "source"}, "value": [self.now, "5"]}]
        else:
            found = [
                {
                    "metric": {"destination_workload": workload, "instance": "gw", "response_code": code},
                    "values": [[at, str(total)] for at, total in samples],
                }
                for (workload, code), samples in self._samples.items()
            ]
        answer = QueryResponse(promql, self.now, found)
        self._recorder.write_response(answer)
        return answer


class TrialReader(EvidenceReader):
    """A reader for which a scrape comes with each read: 50 requests per arm, the canary's only while it has a weight.

    Args:
        world: the cluster whose pods answer.
        is_bad: which of the canary's pods fail everything.
        recorder: keeps the answers.
        scrape_seconds: time between two scrapes (> 0).

    Attributes:
        outage: scrapes of stable in which an outage reaches it, once the users are back from the canary; until they are
            over, the canary fails. A claim rounds times, so the first of them may seem to be before the alarm: say 2.
    """

    def __init__(self, world: FakeCluster, is_bad: BadPods, recorder: Recorder, scrape_seconds: float = 1.0) -> None:
        self._counters, self._world, self._is_bad = Counters(recorder, scrape_seconds), world, is_bad
        self._seconds, self._seen = scrape_seconds, list[str]()
        self.outage = 0
        super().__init__(self._counters, ArmLabels(APP, CANARY, NAMESPACE), bounds=Bounds())

    def check(self) -> tuple[str, ...]:
        """Find no fault."""
        return ()

    def choose_bounds(self) -> Bounds:
        """Return no bounds."""
        return Bounds()

    def read(
        self,
        started: float,
        now: float,
        *,
        rung_started: float | None = None,
        weight: int | None = None,
        comparison: Comparison = WITH_STABLE,
    ) -> Evidence:
        """Read what the counters have after one more scrape."""
        present = sorted(pod["metadata"]["name"] for pod in self._world.store.list(POD, NAMESPACE, f"app={CANARY}"))
        self._seen += [name for name in present if name not in self._seen]
        is_bad = self.outage > 0 or any(self._is_bad(self._seen.index(name) + 1) for name in present)
        self._world.store.clock_offset_seconds += self._seconds
        stable, canary = ("503" if one else "200" for one in (self.outage > 0 and not weight, is_bad))
        self._counters.scrape(now, {(APP, stable): 50, (CANARY, canary): 50 if weight else 0})
        self.outage = max(0, self.outage - (not weight))
        return super().read(started, now, rung_started=rung_started, weight=weight, comparison=comparison)
