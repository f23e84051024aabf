"""Sends requests at a fixed rate, whether or not answers come (open loop), and writes one line per request.

Bounded by count and by time; ends at SIGTERM after the requests under way. Lines: send time, seconds to the answer,
status (0 where none came), version header, body bytes, gRPC status header.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from itertools import cycle
from typing import TextIO

import aiohttp


async def _send(session: aiohttp.ClientSession, url: str, headers: dict[str, str], out: TextIO) -> None:
    sent, start = time.time(), time.perf_counter()
    status, version, size, grpc = 0, "-", 0, "-"
    try:
        # Redirects are not followed: this user saw a redirect.
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            size = len(await answer.read())
            status = answer.status
            version = answer.headers.get("x-version") or "-"
            grpc = answer.headers.get("grpc-status") or "-"
    except (aiohttp.ClientError, TimeoutError, OSError):
        # Status 0: this user got no answer.
        pass
    out.write(f"{sent:.4f} {time.perf_counter() - start:.5f} {status} {version} {size} {grpc}\n")


async def run(arguments: argparse.Namespace, out: TextIO) -> None:
    """Send until the count, the time or a SIGTERM ends it."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    headers = dict(pair.split("=", 1) for pair in arguments.header)
    timeout = aiohttp.ClientTimeout(total=arguments.timeout_seconds)
    under_way: set[asyncio.Task[None]] = set()
    urls = cycle(arguments.url)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        start = time.monotonic()
        for number in range(arguments.count):
            due = start + number / arguments.rate
            if stopped.is_set() or due - start > arguments.seconds:
                break
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(_send(session, next(urls), headers, out))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", action="append", required=True, help="taken in turn where several are given")
    parser.add_argument("--header", action="append", default=[], help="NAME=VALUE")
    parser.add_argument("--rate", type=float, required=True, help="requests per second")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--count", type=int, default=120_000)
    parser.add_argument("--timeout-seconds", type=float, default=10.0)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with open(arguments.out, "a", buffering=1) as out:  # noqa: PTH123 - a line at a time
        asyncio.run(run(arguments, out))


if __name__ == "__main__":
    main()
