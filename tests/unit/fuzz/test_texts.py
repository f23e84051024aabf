"""Texts of strangers, of any length and form: the statistics of a pod's proxy, and what a log line repeats."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from steps.evidence.proxy_arrivals import ProxyArrivals
from steps.model.arrivals import Arrivals
from steps.model.secrecy import HIDDEN, without_secrets
from tests.support.time_limit import within

COUNTER = "istio_requests_total{"
GATEWAY = 'reporter="destination",source_workload="ingress"'
LINES = some.builds(
    "{}{}{}{}\n".format,
    some.sampled_from([COUNTER, f"envoy_{COUNTER}", "istio", "# TYPE "]),
    some.sampled_from([GATEWAY, 'a="\\"', 'a="', "é=", "", GATEWAY + ',x="} 1"']) | some.text(max_size=8),
    some.sampled_from(["} ", "}", "} 1 "]),
    some.sampled_from(["7", "1e999", "..", "1e", "+", "NaN", "9" * 400, "1e308", "1.5", "-3"]) | some.text(max_size=4),
)
PAGES = some.lists(LINES, max_size=6).map("".join)
FEW = settings(max_examples=60)
MANY = settings(max_examples=2000)


def seen(pages: list[str]) -> list[Arrivals | None]:
    """Return what is seen of a pod that answers with one page after the other."""
    answers = iter(pages)
    look = ProxyArrivals(lambda *_: [("shop-a", "10.0.0.1")], lambda _: next(answers)).watch("shop", ("shop",), 0.0)
    return [look(100.0 + number) for number in range(len(pages))]


def counted(pages: list[str]) -> None:
    """Let pages be counted, and check that each count is a number of requests."""
    for found in seen(pages):
        assert found is not None
        assert all(math.isfinite(one) and one >= 0 for one in (found.last, found.per_second, found.interval))


@FEW
@given(some.lists(PAGES, min_size=1, max_size=4))
def test_any_page_of_a_proxy_is_a_count(pages: list[str]) -> None:
    """A rollback waits for what it shows, and any app can answer in its place: no crash, no endless number."""
    counted(pages)


@pytest.mark.full
@MANY
@given(some.lists(PAGES, min_size=1, max_size=4))
def test_any_page_of_a_proxy_is_a_count_in_depth(pages: list[str]) -> None:
    """Many times as often."""
    counted(pages)


@pytest.mark.parametrize("value", ["..", "1e", "1e999", "9" * 400])
def test_what_cannot_be_a_number_of_requests_counts_nothing(value: str) -> None:
    """Beside it, the others count."""
    first, second = (f"{COUNTER}{GATEWAY}}} {count}\n{COUNTER}{GATEWAY}}} {value}\n" for count in (5, 8))
    found = seen([first, second])[1]
    assert found is not None
    assert (101.0, 3.0) == (found.last, found.per_second)


@pytest.mark.parametrize(
    "page",
    [
        f"{COUNTER}{'a' * 2_000_000}}} 1",
        f"{COUNTER}{'a' * 60_000}}} 1\n" * 30,
        COUNTER + 'a="\\\\' * 400_000 + "} 1",
        COUNTER + "} 1" * 700_000 + "x",
        f"{COUNTER}}} {'1' * 2_000_000}x",
    ],
    ids=["name", "names", "open text", "ends", "digits"],
)
def test_a_long_page_takes_no_long_time(page: str) -> None:
    """The way back of all apps of a sweep would wait for one hostile pod."""
    with within(20.0):
        counted([page, page])


@pytest.mark.parametrize("part", [";token", ":/", "=a:", "?", "bearer ", "&key", "(", "=x:y", "a=", "secret=;", "@"])
def test_a_long_text_takes_no_long_time_to_be_searched_for_secrets(part: str) -> None:
    """Each log line is, before a step goes on: the message of a pod, of a webhook or of a server may be long."""
    with within(20.0):
        without_secrets(part * (100_000 // len(part)))


@FEW
@given(some.lists(some.sampled_from(["?", "&", ";", "=", " ", "x", "a=1", "u", ":", "/", "é", "'"]), max_size=6))
def test_a_secret_is_hidden_whatever_stands_before_it(before: list[str]) -> None:
    """User info of a URL, and a parameter of it."""
    text = "".join(before)
    assert "hunter2" not in without_secrets(f"{text} https://ann:hunter2@host/?token=hunter2&b=1;sig=hunter2")
    assert f"{HIDDEN}@host" in without_secrets(f"{text} https://ann:hunter2@host/")
