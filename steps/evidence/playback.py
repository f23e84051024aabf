"""A Prometheus that answers from a recording."""

from collections.abc import Iterator, Mapping

from steps.errors import SettingsError
from steps.evidence.definitions.custom_metrics import custom_metric_from_json
from steps.evidence.definitions.pod_owners import PodOwners
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.definitions.upstreams import Upstreams
from steps.evidence.discovery.discovered_names import DiscoveredNames
from steps.evidence.discovery.reporter import Reporter
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse
from steps.evidence.prometheus_api.prometheus_errors import EvidenceError
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Poll, Recording
from steps.model.evidence import Evidence, LatencyObjective


class Playback(Prometheus):
    """Answers the queries of one look after another; asks nobody."""

    def __init__(self) -> None:
        super().__init__(Access("http://recording"))
        self._answers: Mapping[str, QueryResponse] = {}
        self._look: Poll | None = None

    def turn_to(self, answers: Mapping[str, QueryResponse], look: Poll) -> None:
        """Answer from this look's answers from now on."""
        self._answers, self._look = answers, look

    def query(self, promql: str) -> QueryResponse:
        """Return the recorded answer.

        Raises:
            EvidenceError: the query failed then as well.
            SettingsError: it was never asked: the recording was made by a version that asks otherwise.
        """
        if (answer := self._answers.get(promql)) is not None:
            return answer
        if self._look is not None and self._look.problem is not None:
            raise EvidenceError(self._look.problem)
        raise SettingsError("replaying", f"the recording has no answer to {promql}: another version made it")


def replay_evidence(recording: Recording) -> Iterator[tuple[Poll, Evidence]]:
    """Read the evidence of every look again, by the same code that reads it from Prometheus."""
    arms = recording.header["arms"]
    playback = Playback()
    custom = tuple(custom_metric_from_json(form) for form in recording.header.get("metrics", ()))
    upstreams = Upstreams.from_json(arms.get("upstreams"))
    names = arms["stable"], arms["canary"], arms["namespace"], arms["label"]
    named = ArmLabels(*names, arms.get("more", {}), upstreams=upstreams)
    pods, mesh = PodOwners(), bool(recording.header.get("mesh", True))
    objective = recording.header.get("latency_objective")
    reader = EvidenceReader(
        playback,
        named,
        custom=custom,
        pods=pods,
        mesh=mesh,
        ignored_answers=tuple(recording.header.get("ignored_answers", ())),
        latency_objective=LatencyObjective(**objective) if objective else None,
    )
    for answers, look in recording.looks:
        playback.turn_to(answers, look)
        reader.bounds = look.bounds or reader.bounds
        reader.reporter = Reporter(*look.reporter) if look.reporter else reader.reporter
        reader.control = look.control
        reader.found, pods.known = look.found or reader.found or DiscoveredNames(), look.pods or pods.known
        yield look, reader.read(look.started, look.now, rung_started=look.rung_started, weight=look.weight)
