"""Recordings: every raw response of Prometheus and every poll of the judge, as JSON lines, to be judged again later.

The first line is the header, `{"kind": "recording", "version": 1, ...}`. Then come `answer` lines (PromQL, the server's
time, the raw `data.result`) and, after the answers of each poll, a `look` line: times, weight, the pods' health, the
probes' outcomes and the verdict. A file name that ends with `.gz` is compressed. A recording may end anywhere: the file
is opened for each line, and closed after it.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO, cast

import structlog

from steps.errors import PermanentError, SettingsError
from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.discovery.discovered_names import DiscoveredNames, discovered_names_from_json
from steps.evidence.prometheus_api.client import QueryResponse
from steps.model.evidence import Health, Problem, ProblemKind
from steps.model.pods import PodNames
from steps.model.probes import ProbeResult
from steps.model.trials import Trial
from steps.model.unwritable import UNWRITABLE, why

VERSION: Final = 1
"""Version of the lines; it rises if a field changes its meaning or is removed."""

log: structlog.stdlib.BoundLogger = structlog.get_logger()


_MAX_LINE: Final = 64 << 20
"""Characters of a line: an answer of Prometheus has less."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of the judge: all it knew besides the responses of Prometheus.

    Attributes:
        now, started, rung_started: unix seconds, as passed to the reader.
        weight: the canary's, percent; None without a claim.
        control: label value of the baseline that was compared in place of stable, "" for none.
        reporter: name and reason of the reporter in use, None until it is chosen.
        bounds: what slow and small meant, None until they are chosen.
        problem: why Prometheus could not be read, or not trusted.
        found: names and labels that Prometheus was asked for, None until then.
        pods: the Deployments of pods, None if they were not asked for.
        verdict, code: of the judge, by the rules of that time.
        trials: of the run that had ended with an alarm; () in recordings of older versions.
        before_promotion: the weight was the last of the ladder; False in recordings of older versions.
        alarm_line: that the rules of a trial had, where another one could follow; None: the usual one, 1 / alpha.
    """

    now: float
    started: float
    rung_started: float
    weight: int | None = None
    reporter: tuple[str, str] | None = None
    bounds: Bounds | None = None
    problem: Problem | None = None
    health: Health | None = None
    probes: tuple[ProbeResult, ...] | None = None
    verdict: str = ""
    code: str = ""
    control: str = ""
    found: DiscoveredNames | None = None
    pods: PodNames | None = None
    trials: tuple[Trial, ...] = ()
    alarm_line: float | None = None
    before_promotion: bool = False


class Recorder:
    """Writes a recording; a disk that fills up ends the recording, never the release.

    Args:
        path: of the file; an older one is replaced.
        header: what is needed to read the responses again: arms, metrics, rules.

    Raises:
        PermanentError: the file cannot be written.
    """

    def __init__(self, path: Path, header: Mapping[str, object]) -> None:
        self._path, self._ended = path, False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _open(path, "wt") as file:
                file.write(_text({"kind": "recording", "version": VERSION, **header}))
        except UNWRITABLE as error:
            cause = f"{path}: {why(error)}. Point --record at a writable place."
            raise PermanentError("starting the recording", cause) from error

    def write_response(self, response: QueryResponse) -> None:
        """Write a response of Prometheus unchanged."""
        self._write({"kind": "answer", **asdict(response)})

    def write_poll(self, poll: Poll) -> None:
        """Write what else the judge knew, and its verdict."""
        self._write({"kind": "look", **asdict(poll)})

    def _write(self, line: Mapping[str, object]) -> None:
        if self._ended:
            return
        try:
            with _open(self._path, "at") as file:
                file.write(_text(line))
        except UNWRITABLE as error:
            self._ended = True
            log.warning("recording.ended", path=str(self._path), error=why(error))


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as read: its header, and its polls, each with its responses by their PromQL."""

    header: Mapping[str, Any]
    polls: tuple[tuple[Mapping[str, QueryResponse], Poll], ...] = field(repr=False)
    complete: bool = True


def load(path: Path) -> Recording:
    """Return a recording; a last line that was cut off is left out.

    Raises:
        SettingsError: there is no such file, or it is not a recording of this version.
    """
    try:
        return _loaded(path)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        cause = f"has a line that this program did not write ({type(error).__name__}); record the run again"
        raise _refused(path, cause) from error


def _loaded(path: Path) -> Recording:
    lines, complete = _lines(path)
    header = lines[0] if lines else {}
    if header.get("kind") != "recording":
        raise _refused(path, "is not a recording; make one with `analyze --record` or `rollout --record`")
    if header.get("version") != VERSION:
        raise _refused(path, f"has version {header.get('version')}, but this program reads version {VERSION}")
    polls: list[tuple[Mapping[str, QueryResponse], Poll]] = []
    responses: dict[str, QueryResponse] = {}
    for line in lines[1:]:
        kind = line.pop("kind", "")
        if kind == "answer":
            response = QueryResponse(line["query"], line["at"], line["result"], tuple(line["warnings"]))
            responses[response.query] = response
        elif kind == "look":
            polls.append((responses, _poll(line)))
            responses = {}
    return Recording(header, tuple(polls), complete)


def _lines(path: Path) -> tuple[list[dict[str, Any]], bool]:
    found: list[dict[str, Any]] = []
    try:
        with _open(path, "rt") as file:
            # A compressed file of a few bytes may hold a line without an end.
            while text := file.readline(_MAX_LINE):
                if len(text) == _MAX_LINE:
                    raise _refused(path, f"has a line of more than {_MAX_LINE >> 20} MiB")
                try:
                    found.append(json.loads(text))
                except ValueError:
                    return found, False
                except RecursionError as error:
                    raise _refused(path, "is not a recording: it is nested too deeply") from error
                if not isinstance(found[-1], dict):
                    raise _refused(path, "is not a recording: a line is not an object")
    except EOFError:
        return found, False
    except (OSError, UnicodeDecodeError, zlib.error) as error:
        raise _refused(path, getattr(error, "strerror", None) or "is not a recording") from error
    return found, True


def _poll(line: Mapping[str, Any]) -> Poll:
    problem, health, bounds, reporter = (line[name] for name in ("problem", "health", "bounds", "reporter"))
    probes = line["probes"]
    return Poll(
        now=line["now"],
        started=line["started"],
        rung_started=line["rung_started"],
        weight=line["weight"],
        reporter=(reporter[0], reporter[1]) if reporter else None,
        bounds=Bounds(tuple((label, bound) for label, bound in bounds["latency"]), bounds["small"]) if bounds else None,
        problem=Problem(ProblemKind(problem["kind"]), problem["sentence"]) if problem else None,
        health=Health(**health) if health else None,
        probes=None if probes is None else tuple(ProbeResult(**outcome) for outcome in probes),
        verdict=line["verdict"],
        code=line["code"],
        control=line.get("control", ""),
        found=discovered_names_from_json(line["found"]) if line.get("found") else None,
        pods=_pods(line["pods"]) if line.get("pods") else None,
        trials=tuple(Trial(**one) for one in line.get("trials", ())),
        alarm_line=line.get("alarm_line"),
        before_promotion=line.get("before_promotion", False),
    )


def _pods(form: Mapping[str, Any]) -> PodNames:
    return PodNames({name: tuple(prefixes) for name, prefixes in form["prefixes"].items()}, form["owners"])


def _text(line: Mapping[str, object]) -> str:
    return json.dumps(line, separators=(",", ":"), default=str) + "\n"


def _open(path: Path, mode: str) -> TextIO:
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, mode, encoding="utf-8"))
    return cast("TextIO", path.open(mode, encoding="utf-8"))


def _refused(path: Path, cause: str) -> SettingsError:
    return SettingsError("reading the recording", f"{path}: {cause}")
