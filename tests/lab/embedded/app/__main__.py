"""Serve the demo app: address, version and knobs come from the environment, as the lab's kubelet sets them.

HOST, PORT; VERSION and POD are echoed in the headers x-version and x-pod; KNOBS is JSON; OVERRIDES names JSON files
of knobs to change while running, the last one wins, DATABASE_DOWN a file that exists while the shared database is down.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import time
from pathlib import Path

from aiohttp import web

from tests.lab.embedded.app.knobs import Knobs

_LOOK_AGAIN_SECONDS = 0.1
_KEEPALIVE_SECONDS = 3630.0
"""Longer than Istio's proxies keep an idle connection (1 h): one that the app ends may meet a request, a 503."""


class App:
    """One instance: counts its requests, reads its files now and then, and misbehaves as configured."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._built = Knobs().changed(**json.loads(environment.get("KNOBS", "{}")))
        self._overrides = [Path(one) for one in environment.get("OVERRIDES", "").split(os.pathsep) if one]
        self._database_down = Path(environment.get("DATABASE_DOWN", "/nonexistent"))
        self._headers = {"x-version": environment.get("VERSION", ""), "x-pod": environment.get("POD", "")}
        self._started = time.monotonic()
        self._looked = 0.0
        self._requests = 0
        self._down = False
        self.knobs = self._built

    def look(self) -> None:
        """Read the files, at most every tenth of a second."""
        if time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
            return
        self._looked = time.monotonic()
        self._down = self._database_down.exists()
        self.knobs = self._built
        for path in self._overrides:
            try:
                self.knobs = self.knobs.changed(**json.loads(path.read_text()))
            except FileNotFoundError:
                continue

    async def ready(self, _: web.Request) -> web.Response:
        """Answer the readiness probe."""
        self.look()
        return web.Response(status=200 if self.knobs.ready else 503, headers=self._headers)

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a user."""
        self.look()
        knobs = self.knobs
        self._requests += 1
        if self._requests == knobs.crash_on_request:
            os._exit(knobs.exit_code)
        delay_ms = random.lognormvariate(math.log(max(knobs.latency_ms, 0.1)), knobs.latency_sigma)
        if random.random() < knobs.slow_ratio:
            delay_ms += knobs.slow_ms
        if self._requests <= knobs.cold_requests:
            delay_ms += knobs.cold_ms
        await asyncio.sleep(delay_ms / 1000)
        age_seconds = time.monotonic() - self._started
        concerned = knobs.concern(request.path)
        if concerned and random.random() < knobs.hang_ratio:
            # Until the client gives up, or the app ends.
            await asyncio.Event().wait()
        failed = concerned and (random.random() < knobs.error_ratio)
        failed = failed or 0 < knobs.fails_after_seconds < age_seconds
        without_database = knobs.uses_database and self._down
        if request.content_type.startswith("application/grpc"):
            asked = knobs.grpc_status if concerned and random.random() < knobs.grpc_ratio else 0
            return self._grpc(14 if failed or without_database else asked)
        if failed or without_database:
            return self._failure(503 if without_database else knobs.error_status)
        empty = random.random() < knobs.empty_ratio
        return web.Response(headers=self._headers, body=b"" if empty else b"x" * knobs.body_bytes)

    def _grpc(self, status: int) -> web.Response:
        headers = {**self._headers, "grpc-status": str(status), "content-type": "application/grpc"}
        return web.Response(headers=headers)

    def _failure(self, status: int) -> web.Response:
        moved = {"location": "/moved"} if 300 <= status <= 399 else {}
        text = None if status in {204, 205, 304} else "sorry\n"
        return web.Response(status=status, headers={**self._headers, **moved}, text=text)


async def _crash_later(app: App) -> None:
    if app.knobs.crash_after_seconds > 0:
        await asyncio.sleep(app.knobs.crash_after_seconds)
        os._exit(app.knobs.exit_code)


def main() -> None:
    """Serve until SIGTERM, then finish the requests under way."""
    app = App(dict(os.environ))
    time.sleep(app.knobs.start_delay_seconds)
    served = web.Application()
    served.router.add_get("/ready", app.ready)
    served.router.add_route("*", "/{path:.*}", app.serve)
    tasks: set[asyncio.Task[None]] = set()

    async def begin(_: web.Application) -> None:
        tasks.add(asyncio.create_task(_crash_later(app)))

    served.on_startup.append(begin)
    web.run_app(
        served, host=os.environ["HOST"], port=int(os.environ["PORT"]), print=None, access_log=None, shutdown_timeout=3,
        handler_cancellation=True, keepalive_timeout=_KEEPALIVE_SECONDS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
