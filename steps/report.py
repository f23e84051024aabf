"""report: render a running or finished release as text, JSON, HTML or OpenMetrics, from the data on its VirtualService.

Before: nothing; read-only. Judgements that analyze wrote to files are added with `--judgement`.
Writes: standard output, or the file `--output`; and the file `--html`.
Exit codes: 0 · 2 · 3 · 4 no known release, or a file cannot be written.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import Field
from pydantic_settings import NoDecode

from steps.claim.claims import Claims
from steps.claim.errors import ClaimCorrupt
from steps.claim.listing import list_release
from steps.claim.record import verdict_of
from steps.errors import Interrupted, NotFound, SettingsError, StepError
from steps.model.judgement import Judgement
from steps.model.names import ReleaseNames
from steps.outputs import judgement_file, results
from steps.outputs.files import save
from steps.outputs.html_report import html_page
from steps.outputs.metrics.exposition import as_openmetrics
from steps.outputs.metrics.samples import samples_of
from steps.outputs.report import Report, report_of_claim, report_of_record
from steps.outputs.screen import show
from steps.settings.export import ExportSettings
from steps.settings.kubernetes_names import LabelName
from steps.settings.lists import CommaSeparated
from steps.settings.release import ReleaseSettings
from steps.step import Step, StepEnd
from steps.wiring.cluster import parts_of
from steps.wiring.export import exported

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ("outcome", "reason")
_DOING = "writing the report"


class Settings(ReleaseSettings, ExportSettings):
    """Render a running or finished release as text, JSON or a page."""

    run: LabelName = Field("", description="Report only this run. Empty: the running or the last one.")
    format: Literal["text", "json", "openmetrics"] = Field(
        "text", description="text for people, json for programs, openmetrics for Prometheus."
    )
    output: str = Field("", description="File to write. Empty: standard output.")
    html: str = Field("", description="Additional file: the report as a static HTML page with charts. Empty: none.")
    judgement: Annotated[tuple[str, ...], NoDecode, CommaSeparated] = Field(
        (), description="Files that analyze wrote with --judgement-file, one per rung in order, separated by commas."
    )

    @property
    def run_id(self) -> str:
        """Id of the run that log lines name."""
        return self.run


def run(settings: Settings, names: ReleaseNames, claims: Claims) -> tuple[Report, str]:
    """Return the report and its text."""
    made = gather(names, claims, settings.run).with_judgements(
        [judgement_file.load(path, "--judgement") for path in settings.judgement if path]
    )
    if settings.format == "openmetrics":
        return made, as_openmetrics(samples_of([list_release(claims, names)]))
    return made, made.as_json() + "\n" if settings.format == "json" else made.as_text()


def gather(names: ReleaseNames, claims: Claims, run: str = "") -> Report:
    """Return the report of the app's running or last release, from its first VirtualService.

    Args:
        names: of the release.
        claims: on VirtualServices.
        run: report only this run; "" = any.

    Returns:
        The report; in state `unreadable` without a run, where the claim cannot be read: the reason says why.

    Raises:
        NotFound: the VirtualService has no such release.
    """
    first = names.virtual_services[0]
    try:
        claim = claims.claim_on(first, names.app)
    except ClaimCorrupt as error:
        log.warning("claim.unreadable", virtual_service=str(first), cause=error.cause)
        return Report(names.app, names.namespace, "", "unreadable", reason=error.cause)
    if claim is not None and run in {"", claim.run, claim.state.undoes}:
        return report_of_claim(claim, names.namespace, verdict_of(claim.state))
    last = claims.last(first, names.app)
    if last is None:
        cause = f"VirtualService {first} has no release of {names.app}. Check --app and --virtual-service."
        raise NotFound("gathering the report", cause)
    if run not in {"", last.run, last.undoes}:
        cause = f"VirtualService {first} has no run {run} of {names.app}: it had nothing to do, or never began."
        raise NotFound("gathering the report", f"{cause} The last one is {last.run}: {last.outcome}.")
    return report_of_record(last, names.app, names.namespace)


def write_folder(
    folder: str, names: ReleaseNames, claims: Claims, judgements: Iterable[Judgement], baked: Judgement | None = None
) -> None:
    """Write report.json and report.txt; a failure is only logged, since it must not change how a release ends.

    Args:
        folder: where to write.
        names: of the release.
        claims: on VirtualServices.
        judgements: one per rung, in order.
        baked: the last one of the bake, None without one.
    """
    try:
        made = gather(names, claims).with_judgements([one.to_json() for one in judgements])
        made = replace(made, baked=baked.to_json()) if baked is not None else made
        for name, text in (("report.json", made.as_json()), ("report.txt", made.as_text())):
            save(text, str(Path(folder) / name), "--report-dir", _DOING)
    except Interrupted:
        raise
    except StepError as error:
        log.error("report.lost", error=str(error))
    except Exception:  # a defect here must not end a release; the traceback is still logged
        log.exception("report.crashed")


def rendered(settings: Settings, names: ReleaseNames, claims: Claims) -> tuple[Report, str, str]:
    """Return the report, its text, and its page, "" if none is wanted.

    Raises:
        SettingsError: a file with a judgement holds values that no judgement has.
    """
    try:
        made, text = run(settings, names, claims)
        return made, text, html_page(made, claims.now()) if settings.html else ""
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        if not settings.judgement:
            raise
        cause = f"--judgement: a file has a value that no judgement has ({type(error).__name__}: {error})"
        raise SettingsError("reading a judgement", cause) from error


def deliver(settings: Settings, text: str, page: str) -> None:
    """Write the text, and the page all the same where the text cannot be written.

    Raises:
        PermanentError: one of them cannot be written.
    """
    try:
        if settings.output:
            save(text, settings.output, "--output", _DOING)
        else:
            show(text)
    finally:
        if settings.html:
            save(page, settings.html, "--html", _DOING)


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    with exported(settings, parts.cluster, parts.names):
        made, text, page = rendered(settings, parts.names, parts.claims)
    deliver(settings, text, page)
    return StepEnd({"outcome": made.state, "reason": results.truncate(made.reason)})


STEP = Step(Settings, RESULTS, main)
