"""The text of doctor: what was found, every problem with its remedies, what the traffic can show (pure)."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

_WIDTH = 100
_KEY = 17
_GRAVITIES = {"refuses": "refuses", "warns": "warns", "notes": "note"}


def doctor_text(report: Mapping[str, Any]) -> str:
    """Return the report of doctor, whose JSON this is, as text for people."""
    parts = (_found, _problems, _traffic, _unread)
    return "\n".join([*(line for part in parts for line in part(report)), "", report["summary"], ""])


def _found(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"{report['app']} in namespace {report['namespace']}"
    yield from _line("topology", f"{report['topology']} (names: {report['names_from']})")
    for role in ("stable", "canary"):
        yield from _line(role, _arm(report[role]))
    for one in report["virtual_services"]:
        yield from _line("VirtualService", f"{one['name']}, {_routes(one)}")
    for sentence in report["because"]:
        yield from _line("because", sentence)
    claim, last = report["claim"], report["last_release"]
    if claim:
        yield from _line("claim", f"run {claim['run']}, {claim['phase']}, weight {claim['weight']}, by {claim['by']}")
    yield from _line("last release", f"{last['run']}: {last['outcome']}. {last['reason']}" if last else "none")


def _arm(arm: Mapping[str, Any]) -> str:
    if not arm["exists"]:
        return f"Deployment {arm['deployment']} (does not exist), destination {arm['destination']}"
    ready = f"{arm['ready']} of {arm['replicas']} pods ready"
    return f"Deployment {arm['deployment']}, {ready}, {arm['image']}, destination {arm['destination']}"


def _routes(one: Mapping[str, Any]) -> str:
    if not one["exists"]:
        return "does not exist"
    shown = [f"{route['name']} (canary {route['weight']})" for route in one["routes"]]
    return f"routes {', '.join(shown)}" if shown else "no route with both arms"


def _problems(report: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    found = report["problems"]
    yield f"Problems: {len(found)}" if found else "No problems"
    for number, one in enumerate(found, 1):
        head = f"{number}. {_GRAVITIES[one['gravity']]} [{one['code']}] {one['about']}: {one['text']}"
        yield from textwrap.wrap(head, _WIDTH, initial_indent="  ", subsequent_indent="     ", break_long_words=False,
                                 break_on_hyphens=False)  # fmt: skip
        for at, remedy in enumerate(one["remedies"]):
            yield "     Remedy:" if at == 0 else "     or:"
            # Not wrapped and not indented: lines are copied, and EOF has to stand at the beginning.
            yield str(remedy)


def _traffic(report: Mapping[str, Any]) -> Iterator[str]:
    prometheus = report["prometheus"]
    yield ""
    yield f"Prometheus {prometheus['url']}: {prometheus['state']}"
    yield from (f"  {note}" for note in prometheus["notes"])
    if report["ladder"]:
        yield f"What the traffic can show in {report['ladder'][0]['seconds']:g} s on each rung"
    for rung in report["ladder"]:
        yield f"  weight {rung['weight']:>3}: {rung['sentence']}"


def _unread(report: Mapping[str, Any]) -> Iterator[str]:
    unread = report["unread"]
    if not unread:
        return
    yield ""
    yield f"Not read, as this account may not list it, so problems there are not known: {', '.join(unread)}"
    yield "  Remedy, for the account canary-steps-reader that `canary-steps init` prints:"
    yield from report["unread_remedies"]


def _line(key: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=f"  {key:<{_KEY}}", subsequent_indent=" " * (_KEY + 2), break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip
