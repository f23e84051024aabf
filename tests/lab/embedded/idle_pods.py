"""How much slower a pod is that gets few requests: `python -m tests.lab.embedded.idle_pods`.

The same app runs once for each load, and all of them are called at the same time. The figures depend on the machine;
the reason for `steps/judge/filters/idle_pods.py` is that the rows differ at all.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import aiohttp

from tests.lab.embedded.addresses import GATEWAY_PORT, Block

_LOADS = (5, 12, 25, 50)
"""Requests per second."""

_SECONDS = 20.0


async def _call(session: aiohttp.ClientSession, host: str, per_second: int) -> list[float]:
    """Return how long each request took, in ms."""
    took, began = [], time.monotonic()
    for number in range(int(per_second * _SECONDS)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
        sent = time.monotonic()
        async with session.get(f"http://{host}:{GATEWAY_PORT}/") as answer:
            await answer.read()
        took.append((time.monotonic() - sent) * 1000.0)
    return sorted(took)


async def _wait_until_ready(session: aiohttp.ClientSession, host: str) -> None:
    for _ in range(100):
        try:
            async with session.get(f"http://{host}:{GATEWAY_PORT}/ready"):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise TimeoutError(f"the app at {host} did not start within 10 s")


async def _measure(hosts: list[str]) -> list[list[float]]:
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(_wait_until_ready(session, host) for host in hosts))
        return await asyncio.gather(*(_call(session, *pair) for pair in zip(hosts, _LOADS, strict=True)))


def main() -> None:
    """Start one app for each load, call them, and print the quantiles."""
    block = Block()
    hosts = [block.next_pod() for _ in _LOADS]
    knobs = json.dumps({"latency_ms": 3.0, "latency_sigma": 0.0})
    command = [sys.executable, "-m", "tests.lab.embedded.app"]
    apps = [
        subprocess.Popen(command, env={**os.environ, "HOST": host, "PORT": str(GATEWAY_PORT), "KNOBS": knobs})
        for host in hosts
    ]
    try:
        rows = asyncio.run(_measure(hosts))
    finally:
        for app in apps:
            app.terminate()
            app.wait()
        block.release()
    sys.stdout.write("| requests a second | p10 | p50 | p90 |\n| ---: | ---: | ---: | ---: |\n")
    for load, took in zip(_LOADS, rows, strict=True):
        quantiles = " | ".join(f"{took[int(len(took) * share)]:.1f} ms" for share in (0.1, 0.5, 0.9))
        sys.stdout.write(f"| {load} | {quantiles} |\n")


if __name__ == "__main__":
    main()
