"""The stand-in API over HTTP, on loopback, in a background thread (or in a loop of yours)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.support.kubernetes_api.errors import ApiError
from tests.support.kubernetes_api.faults import Call, Faults, Rule
from tests.support.kubernetes_api.kinds import NAMESPACE, Json
from tests.support.kubernetes_api.requests import VERBS, Requests, ResourcePath, metadata_only, parse_path
from tests.support.kubernetes_api.store import Store

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class StandInApi:
    """A Kubernetes API for tests: `with StandInApi() as api:` serves `api.url`; `api.store`, `api.faults`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, namespaces: tuple[str, ...] = ("default",)) -> None:
        self.store = Store()
        self.faults = Faults()
        self.url = ""
        self._host, self._port = host, port
        self._requests = Requests(self.store, self.faults)
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        for name in namespaces:
            self.add_namespace(name)

    def add_namespace(self, name: str) -> None:
        """Create a namespace unless it exists."""
        if self.store.find(NAMESPACE, "", name) is None:
            labels = {"kubernetes.io/metadata.name": name}
            self.store.create(NAMESPACE, "", {"metadata": {"name": name, "labels": labels}})

    def write_kubeconfig(self, path: Path, namespace: str = "default", user: str = "walker") -> Path:
        """Write a kubeconfig; the token is the user's name, which RBAC denials can name."""
        named = {"name": "lab"}
        config: Json = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [named | {"cluster": {"server": self.url}}],
            "users": [named | {"user": {"token": user}}],
            "contexts": [named | {"context": {"cluster": "lab", "user": "lab", "namespace": namespace}}],
        }
        # JSON is YAML, and so needs no library here.
        path.write_text(json.dumps(config, indent=1))
        return path

    async def start(self) -> None:
        """Serve in the running loop."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop serving; the objects stay."""
        if self._runner is not None:
            await self._runner.cleanup()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in-api", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        place = parse_path(request.path)
        call = self._call(request, body, place)
        self.faults.log.append(call)
        for callback in self.faults.traps(call, "before"):
            await asyncio.to_thread(callback, call)
        rule = self.faults.take(call)
        if place is None and call.path not in {_REVIEWS, "/version"}:
            # The real server's answer where no API is registered: no Status, not even JSON.
            return web.Response(status=404, text="404 page not found\n")
        if rule is not None and rule.action in {"hang", "drop"}:
            await asyncio.sleep(rule.hang_seconds)
            return _dropped(request)
        try:
            call.status, answer = self._answer(place, call, rule)
            if "as=PartialObjectMetadataList" in request.headers.get("Accept", "") and "items" in answer:
                answer = metadata_only(answer)
        except ApiError as error:
            call.status, answer = error.code, error.body
        for callback in self.faults.traps(call, "after"):
            await asyncio.to_thread(callback, call)
        if rule is not None and rule.action == "lose-answer":
            return _dropped(request)
        headers = {"Date": format_datetime(self.store.now(), usegmt=True)}
        return web.Response(
            body=json.dumps(answer).encode(), status=call.status, content_type="application/json", headers=headers
        )

    def _answer(self, place: ResourcePath | None, call: Call, rule: Rule | None) -> tuple[int, Json]:
        if rule is not None and rule.action == "answer":
            raise ApiError(rule.status, rule.message)
        if call.path == _REVIEWS and call.verb == "create":
            return 201, self._review(call)
        if call.path == "/version":
            return 200, {"major": "1", "minor": "35", "gitVersion": "v1.35.0-standin"}
        if place is None:
            raise ApiError(404)
        return self._requests.answer(place, call)

    def _review(self, call: Call) -> Json:
        review: Json = json.loads(call.body)
        asked: Mapping[str, str] = review["spec"].get("resourceAttributes") or {}
        resource = "/".join(filter(None, (asked.get("resource"), asked.get("subresource"))))
        allowed = self.faults.allowed(asked.get("verb", ""), resource, user=call.user, name=asked.get("name", ""))
        return {**review, "status": {"allowed": allowed} | ({} if allowed else {"reason": "denied by the lab"})}

    def _call(self, request: web.Request, body: bytes, place: ResourcePath | None) -> Call:
        verb = VERBS.get(request.method, "get" if place is None or place.name else "list")
        return Call(
            number=len(self.faults.log) + 1,
            verb=verb,
            resource=place.resource if place else request.path.rsplit("/", 1)[-1],
            group=place.kind.group if place else "",
            namespace=place.namespace if place else "",
            name=place.name if place else "",
            path=request.path,
            query=dict(request.query),
            body=body,
            user_agent=request.headers.get("User-Agent", ""),
            user=request.headers.get("Authorization", "").removeprefix("Bearer ") or "system:anonymous",
            content_type=request.content_type,
        )


def _dropped(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
