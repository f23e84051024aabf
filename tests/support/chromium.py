"""A real browser: headless Chromium, driven over its DevTools protocol; no driver is needed beside it."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REMEDY = "chromium is not installed; on Debian or Ubuntu: apt-get install chromium"


class Chromium:
    """A browser with one empty tab: `with Chromium(folder) as browser:`.

    Args:
        folder: for its profile.
        javascript: whether pages may run scripts.
        dark: whether it prefers the dark scheme.
        width: of the window, pixels.
    """

    def __init__(self, folder: Path, *, javascript: bool = True, dark: bool = False, width: int = 1400) -> None:
        self._folder, self._javascript, self._dark, self._width = folder, javascript, dark, width
        self.complaints: list[str] = []
        """What the browser's console says: refused styles, missing files, errors."""

    def __enter__(self) -> Self:
        if PROGRAM is None:
            raise FileNotFoundError(REMEDY)
        self._folder.mkdir(parents=True, exist_ok=True)
        # As root, in a container, it has no sandbox of its own; it only sees pages of this test.
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        self._process = subprocess.Popen(
            [PROGRAM, *flags, "--remote-debugging-port=0", f"--user-data-dir={self._folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._loop = asyncio.new_event_loop()
        self._number = 0
        try:
            self._loop.run_until_complete(self._connect(self._port()))
            self._prepare()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "_session"):
            self._loop.run_until_complete(self._session.close())
        self._process.kill()
        self._process.wait()
        self._loop.close()

    def open(self, url: str) -> float:
        """Load a page; return how long the browser worked until everything was laid out, CPU seconds."""
        began = self._work_seconds()
        self._call("Page.navigate", url=url)
        self._loop.run_until_complete(self._event("Page.loadEventFired"))
        self._call("Page.getLayoutMetrics")
        return self._work_seconds() - began

    def count(self, selector: str) -> int:
        """Return how many elements match."""
        return len(self._nodes(selector))

    def text(self, selector: str) -> str:
        """Return the text of the first element that matches, without tags."""
        nodes = self._call("DOM.getOuterHTML", nodeId=self._nodes(selector)[0])
        return re.sub(r"<[^>]+>", "", str(nodes["outerHTML"]))

    def click(self, selector: str) -> None:
        """Click on the first element that matches, as a person does, and wait for the page that follows."""
        (node, *_) = self._nodes(selector)
        self._call("DOM.scrollIntoViewIfNeeded", nodeId=node)
        box = self._call("DOM.getBoxModel", nodeId=node)["model"]["content"]
        place = {"x": (box[0] + box[4]) / 2, "y": (box[1] + box[5]) / 2, "button": "left", "clickCount": 1}
        self._call("Input.dispatchMouseEvent", type="mousePressed", **place)
        self._call("Input.dispatchMouseEvent", type="mouseReleased", **place)
        self._loop.run_until_complete(self._event("Page.loadEventFired"))

    def press(self, *keys: str) -> None:
        """Press keys one after the other: `Tab`, or the text to type."""
        for key in keys:
            if key in {"Tab", "Enter"}:
                code = {"Tab": 9, "Enter": 13}[key]
                more = {"text": "\r"} if key == "Enter" else {}
                self._call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **more)
                self._call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
            else:
                self._call("Input.insertText", text=key)

    def wait_for_page(self) -> None:
        """Wait until the tab has loaded another page, or the same again."""
        self._loop.run_until_complete(self._event("Page.loadEventFired"))

    def roles(self) -> list[tuple[str, str]]:
        """Return role and name of everything that a screen reader finds."""
        nodes = self._call("Accessibility.getFullAXTree")["nodes"]
        return [
            (str(one.get("role", {}).get("value", "")), str(one.get("name", {}).get("value", "")))
            for one in nodes
            if not one.get("ignored")
        ]

    def overflow(self) -> int:
        """Return how many pixels the page is wider than the window."""
        sizes = self._call("Page.getLayoutMetrics")
        return int(sizes["cssContentSize"]["width"] - sizes["cssLayoutViewport"]["clientWidth"])

    def screenshot(self, path: Path) -> bytes:
        """Write what the window shows to a PNG file, and return it."""
        data = base64.b64decode(self._call("Page.captureScreenshot")["data"])
        path.write_bytes(data)
        return data

    def _work_seconds(self) -> float:
        """Return the CPU time of all processes of the browser: unlike the wall's clock, it does not measure others."""
        stats = {}
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                number, rest = file.parent.name, file.read_text().rpartition(")")[2].split()
                stats[int(number)] = int(rest[1]), sum(map(int, rest[11:15]))
        ours = {self._process.pid}
        for _ in range(4):  # browser, zygote, its child, renderer
            ours |= {pid for pid, (parent, _) in stats.items() if parent in ours}
        return sum(stats[pid][1] for pid in ours if pid in stats) / os.sysconf("SC_CLK_TCK")

    def _prepare(self) -> None:
        for domain in ("Page", "DOM", "Log", "Runtime", "Accessibility"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setScriptExecutionDisabled", value=not self._javascript)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": self._width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def _port(self) -> int:
        file, deadline = self._folder / "DevToolsActivePort", time.monotonic() + 60
        while not (file.exists() and file.read_text().strip()):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError("chromium did not start")
            time.sleep(0.05)
        return int(file.read_text().split()[0])

    async def _connect(self, port: int) -> None:
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tab = next(one for one in await answer.json() if one["type"] == "page")
        self._socket = await self._session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)
        self._events: list[Json] = []

    def _nodes(self, selector: str) -> list[int]:
        root = self._call("DOM.getDocument", depth=0)["root"]["nodeId"]
        return list(self._call("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])

    def _call(self, method: str, **params: object) -> Json:
        return self._loop.run_until_complete(self._answer(method, params))

    async def _answer(self, method: str, params: Json) -> Json:
        self._number += 1
        number = self._number
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._next()
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._events.append(message)

    async def _event(self, name: str) -> None:
        """Wait for an event since the last navigation."""
        while True:
            for place, one in enumerate(self._events):
                if one.get("method") == name:
                    del self._events[: place + 1]
                    return
            self._events.append(await self._next())

    async def _next(self) -> Json:
        message: Json = await self._socket.receive_json(timeout=60)
        if message.get("method") == "Log.entryAdded":
            self.complaints.append(str(message["params"]["entry"]["text"]))
        return message
