"""A Grafana for tests: the parts of its HTTP API that bring dashboards in, with its answers and its version counts.

with GrafanaApi() as grafana:
    grafana.url, grafana.token, grafana.dashboards["uid"].versions
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Dashboard:
    """A dashboard as it is stored.

    Attributes:
        folder: uid of its folder, "" for the root.
        versions: every save, oldest first: `dashboard` and `message`.
    """

    folder: str = ""
    versions: list[Json] = field(default_factory=list)

    @property
    def content(self) -> Json:
        """Return what was saved last."""
        found: Json = self.versions[-1]["dashboard"]
        return found


class GrafanaApi:
    """Serves on loopback in a background thread.

    Attributes:
        dashboards, folders, datasources: by uid; folders and data sources have names.
        provisioned: uids that come from files, so that saving them is refused.
        refuses_reading_datasources: whether the token's role may not read them, as an Editor's.
        migrates: whether dashboards are read in a newer schema than they were saved in, as Grafana 12 does.
        before_save: called before a save is looked at: what somebody else does meanwhile.
        writes: "POST /api/…" of each request but reads.
    """

    def __init__(self) -> None:
        self.url, self.token = "", "glsa_a-secret-of-this-test"
        self.dashboards: dict[str, Dashboard] = {}
        self.folders: dict[str, str] = {}
        self.datasources: dict[str, str] = {}
        self.provisioned: set[str] = set()
        self.refuses_reading_datasources = self.migrates = False
        self.before_save: Callable[[], object] = lambda: None
        self.writes: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="grafana", daemon=True)

    def save(self, dashboard: Json, message: str = "", folder: str = "") -> None:
        """Save a dashboard under the next version, as a person does in the browser."""
        stored = self.dashboards.setdefault(dashboard["uid"], Dashboard())
        stored.folder = folder
        numbered = {**dashboard, "id": 1 + [*self.dashboards].index(dashboard["uid"])}
        numbered["version"] = len(stored.versions) + 1
        stored.versions.append({"dashboard": numbered, "message": message})

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        # A bound method cannot be marked as a middleware.
        app = web.Application(middlewares=[web.middleware(partial(self._authorized))])
        app.router.add_get("/api/dashboards/uid/{uid}", self._dashboard)
        app.router.add_get("/api/dashboards/uid/{uid}/versions", self._versions)
        app.router.add_post("/api/dashboards/db", self._save)
        app.router.add_get("/api/folders/{uid}", self._folder)
        app.router.add_post("/api/folders", self._create_folder)
        app.router.add_get("/api/datasources/uid/{uid}", self._datasource)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])

    async def _authorized(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method != "GET":
            self.writes.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _answer(401, "Invalid API key")
        return await handler(request)

    async def _dashboard(self, request: web.Request) -> web.Response:
        found = self.dashboards.get(request.match_info["uid"])
        if found is None:
            return _answer(404, "Dashboard not found")
        read = {**found.content, "schemaVersion": 42, "panels": []} if self.migrates else found.content
        meta = {"folderUid": found.folder, "version": read["version"], "slug": "a-dashboard"}
        return web.json_response({"dashboard": read, "meta": meta})

    async def _versions(self, request: web.Request) -> web.Response:
        found = self.dashboards.get(request.match_info["uid"])
        if found is None:
            return _answer(404, "Dashboard not found")
        saved = [{"version": number, "message": one["message"]} for number, one in enumerate(found.versions, 1)]
        return web.json_response({"continueToken": "", "versions": saved[::-1][: int(request.query.get("limit", 99))]})

    async def _save(self, request: web.Request) -> web.Response:
        self.before_save()
        body: Json = await request.json()
        wanted, folder = body["dashboard"], body.get("folderUid") or ""
        found = self.dashboards.get(wanted["uid"])
        if wanted["uid"] in self.provisioned:
            return _answer(400, "Cannot save provisioned dashboard")
        if folder and folder not in self.folders:
            return _answer(404, "folder not found")
        if found and not body.get("overwrite") and wanted.get("version") != found.content["version"]:
            return _answer(412, "The dashboard has been changed by someone else", status="version-mismatch")
        self.save(wanted, body.get("message", ""), folder)
        stored = self.dashboards[wanted["uid"]].content
        return web.json_response({**{key: stored[key] for key in ("id", "uid", "version")}, "status": "success"})

    async def _folder(self, request: web.Request) -> web.Response:
        uid = request.match_info["uid"]
        if uid not in self.folders:
            return _answer(404, "folder not found")
        return web.json_response({"id": 7, "uid": uid, "title": self.folders[uid]})

    async def _create_folder(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        if body["uid"] in self.folders:
            return _answer(409, "a folder with the same uid already exists")
        self.folders[body["uid"]] = body["title"]
        return web.json_response({"id": 7, **body})

    async def _datasource(self, request: web.Request) -> web.Response:
        uid = request.match_info["uid"]
        if self.refuses_reading_datasources:
            return _answer(403, "You'll need additional permissions to perform this action")
        if uid not in self.datasources:
            return _answer(404, "Data source not found")
        return web.json_response({"uid": uid, "name": self.datasources[uid], "type": "prometheus"})


def _answer(code: int, message: str, **more: str) -> web.Response:
    return web.json_response({"message": message, **more}, status=code)
