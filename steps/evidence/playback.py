"""A Prometheus that answers from a recording."""

from collections.abc import Iterator, Mapping

from steps.errors import SettingsError
from steps.evidence.access import Access
from steps.evidence.custom import from_json
from steps.evidence.failures import EvidenceError
from steps.evidence.found import Found
from steps.evidence.pods import Pods
from steps.evidence.prometheus import Answer, Prometheus
from steps.evidence.reader import EvidenceReader
from steps.evidence.recording import Look, Recording
from steps.evidence.reporter import Reporter
from steps.evidence.selectors import Arms
from steps.evidence.services import Upstreams
from steps.model.evidence import Evidence, LatencyObjective


class Playback(Prometheus):
    """Answers the queries of one look after another; asks nobody."""

    def __init__(self) -> None:
        super().__init__(Access("http://recording"))
        self._answers: Mapping[str, Answer] = {}
        self._look: Look | None = None

    def turn_to(self, answers: Mapping[str, Answer], look: Look) -> None:
        """Answer from this look's answers from now on."""
        self._answers, self._look = answers, look

    def query(self, promql: str) -> Answer:
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


def evidence_of(recording: Recording) -> Iterator[tuple[Look, Evidence]]:
    """Read the evidence of every look again, by the same code that reads it from Prometheus."""
    arms = recording.header["arms"]
    playback = Playback()
    custom = tuple(from_json(form) for form in recording.header.get("metrics", ()))
    upstreams = Upstreams.from_json(arms.get("upstreams"))
    names = arms["stable"], arms["canary"], arms["namespace"], arms["label"]
    named = Arms(*names, arms.get("more", {}), upstreams=upstreams)
    pods, mesh = Pods(), bool(recording.header.get("mesh", True))
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
        reader.found, pods.known = look.found or reader.found or Found(), look.pods or pods.known
        yield look, reader.read(look.started, look.now, rung_started=look.rung_started, weight=look.weight)
