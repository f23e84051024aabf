"""A Prometheus that answers from a recording."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from steps.errors import SettingsError
from steps.evidence.comparison import Comparison
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
    """Answers the queries of one poll after another from the recording, without a network."""

    def __init__(self) -> None:
        super().__init__(Access("http://recording"))
        self._responses: Mapping[str, QueryResponse] = {}
        self._poll: Poll | None = None

    def turn_to(self, responses: Mapping[str, QueryResponse], poll: Poll) -> None:
        """Use this poll's responses for the queries that follow."""
        self._responses, self._poll = responses, poll

    def query(self, promql: str) -> QueryResponse:
        """Return the recorded response.

        Raises:
            EvidenceError: the query also failed when it was recorded.
            SettingsError: it was never sent: the recording is from a version with other queries.
        """
        if (response := self._responses.get(promql)) is not None:
            return response
        if self._poll is not None and self._poll.problem is not None:
            raise EvidenceError(self._poll.problem)
        cause = f"the recording has no answer to {promql}: it is from another version; replay it with that one"
        raise SettingsError("replaying", cause)


def replay_evidence(recording: Recording) -> Iterator[tuple[Poll, Evidence]]:
    """Read the evidence of every poll again, with the code that reads it from Prometheus."""
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
        with_pods=bool(recording.header.get("stable_pods")),
    )
    ended = 0
    for responses, poll in recording.polls:
        if len(poll.trials) > ended:
            reader.begin_anew()  # as the run did, whose next reads were about other pods
        ended = len(poll.trials)
        playback.turn_to(responses, poll)
        pods.known = poll.pods or pods.known
        comparison = Comparison(
            poll.bounds,
            poll.control,
            Reporter(*poll.reporter) if poll.reporter else None,
            # Without any names Prometheus is not asked: an older recording has no responses to such queries.
            poll.found or reader.found or DiscoveredNames(),
        )
        evidence = reader.read(
            poll.started, poll.now, rung_started=poll.rung_started, weight=poll.weight, comparison=comparison
        )
        yield poll, replace(evidence, before_promotion=poll.before_promotion)
