"""board: serve one page of all releases, each app's report, and metrics; read-only, optional.

Nothing depends on it: releases go on without it. It lists the VirtualServices every few seconds and answers from that.
Before: the account may list VirtualServices in the namespaces that it shows. Without that permission it runs, and its
pages say which one is missing.
Writes: nothing.
Exit codes: 0 SIGTERM or SIGINT came · 2, also where it cannot listen.
"""

import time
from threading import Event, Thread
from typing import Annotated

import structlog
from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import NoDecode

from steps.board_server.http_server import BoardHttpServer
from steps.board_server.reader import BoardReader
from steps.board_server.routes import Routes
from steps.board_server.run_links import check_template, run_url
from steps.board_server.snapshot import EVERYWHERE
from steps.errors import Interrupted, SettingsError
from steps.settings.addresses import ListenAddress, host_and_port
from steps.settings.cluster import NamespacesSettings
from steps.settings.kubernetes_names import LabelName
from steps.settings.lists import CommaSeparated
from steps.step import EXIT_DONE, Step, StepEnd
from steps.wiring.cluster import cluster_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RESULTS = ()


class Settings(NamespacesSettings):
    """Serve one page of all releases, each app's report, and metrics, until SIGTERM."""

    namespaces: Annotated[tuple[LabelName, ...], NoDecode, CommaSeparated] = Field(
        (), description="Namespaces to show, separated by commas. Empty: the one of --namespace."
    )
    listen: ListenAddress = Field(
        "127.0.0.1:8080", description="Address and port to listen on; 0.0.0.0:8080 in a pod, [::]:8080 for IPv6."
    )
    interval_seconds: float = Field(
        5.0, ge=1, le=300, description="Time between two reads of the VirtualServices, seconds."
    )
    stale_seconds: float = Field(
        30.0, ge=2, le=3600, description="Age from which data is not shown but answered with 503, seconds."
    )
    refresh_seconds: int = Field(
        15, ge=0, le=3600, description="Time until a page loads itself again, seconds; 0 for never."
    )
    run_url: Annotated[str, AfterValidator(check_template)] = Field(
        "",
        description="Address of a run in the workflow engine's UI, with {namespace}, {app}, {run} and {workflow}, for "
        "example https://argo.example/workflows/{namespace}/{workflow}. Empty: no links.",
    )

    @model_validator(mode="after")
    def _check_times(self) -> "Settings":
        if self.stale_seconds <= self.interval_seconds:
            raise ValueError(
                f"stale-seconds ({self.stale_seconds:g}) must be longer than interval-seconds"
                f" ({self.interval_seconds:g}): all data would be too old at times"
            )
        return self


def run(settings: Settings, reader: BoardReader, until: Event) -> StepEnd:
    """Serve until the event is set or a signal comes; see the module's docstring."""
    routes = Routes(reader, settings.stale_seconds, settings.refresh_seconds, run_url(settings.run_url))
    began, server = time.monotonic(), _server(settings, routes)
    with server:
        for work, *arguments in ((reader.read_forever, settings.interval_seconds, until), (server.serve_forever, 0.1)):
            Thread(target=work, args=arguments, daemon=True).start()
        host, port = server.server_address[:2]
        shown = ["all" if name == EVERYWHERE else name for name in reader.snapshot.reads]
        log.info("board.listening", host=host, port=port, namespaces=shown)
        try:
            until.wait()
        except Interrupted:
            until.set()
        server.shutdown()
    errors = sum(one.errors for one in reader.snapshot.reads.values())
    return StepEnd({}, EXIT_DONE, {"served_seconds": round(time.monotonic() - began), "failed_reads": errors})


def _server(settings: Settings, routes: Routes) -> BoardHttpServer:
    try:
        return BoardHttpServer(host_and_port(settings.listen), routes.answer)
    except OSError as error:
        raise SettingsError("starting to listen", f"--listen = {settings.listen!r}: {error.strerror}") from error


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    cluster, namespace = cluster_of(settings)
    named = tuple(dict.fromkeys(filter(None, settings.namespaces))) or (namespace,)
    names = (EVERYWHERE,) if settings.all_namespaces else named
    reader = BoardReader(cluster.without_retries(settings.api_timeout_seconds), names)
    return run(settings, reader, Event())


STEP = Step(Settings, RESULTS, main)
