"""Reports and notifications of what other programs and people wrote: a file with a judgement, an annotation, a link."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from steps import report
from steps.claim.claims import Claims
from steps.errors import SettingsError
from steps.judge import Rules, judge
from steps.outputs.files import save
from steps.outputs.notifications import FORMATS
from steps.outputs.notifications.news import News
from steps.outputs.report import Report
from steps.settings.conventions import conventional_names
from tests.support.fixed_evidence import FixedEvidence
from tests.unit.fuzz.test_files import JSON

FEW = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAMES = conventional_names(report.Settings.model_validate({"app": "shop"}), "shop")
JUDGED = cast(
    "dict[str, Any]",
    json.loads(
        json.dumps(
            judge(FixedEvidence(0.1).read(0.0, 30.0), None, Rules(), deadline_reached=True).to_json(), default=str
        )
    ),
)
ODD = JSON | some.sampled_from([10**400, 1e308, -1e308, float("nan"), float("inf"), "\ud800", "\033[2J", "9" * 5000])


class Clock:
    """What a page needs of the claims: the time."""

    def now(self) -> float:
        """Return the server's time."""
        return 1_800_000_000.0


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Yield the path of each value within another one."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*path, key)
        yield from places(one, (*path, key))


PLACES = tuple(places(JUDGED))
CHANGES = given(place=some.sampled_from(PLACES), value=ODD, is_missing=some.booleans())


def changed(place: tuple[Any, ...], value: object, *, is_missing: bool) -> dict[str, Any]:
    """Return the judgement with one value changed, or without it."""
    made = copy.deepcopy(JUDGED)
    inner: Any = made
    for key in place[:-1]:
        inner = inner[key]
    if is_missing:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return made


def rendered(folder: Path, judgement: object) -> None:
    """Let a report be rendered in each form, with a file that may be refused."""
    file = folder / "judgement.json"
    file.write_text(json.dumps(judgement))
    for form in ("text", "json"):
        asked = {"app": "shop", "judgement": str(file), "html": "page.html", "format": form}
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(SettingsError):
            patch.setattr(report, "gather", lambda *_: Report("shop", "shop", "one", "walking"))
            made, text, page = report.rendered(report.Settings.model_validate(asked), NAMES, cast("Claims", Clock()))
            assert made.judgements
            save(text + page, str(folder / "report"), "--output", "writing the report")


def test_the_unchanged_judgement_is_rendered(tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    file = tmp_path / "judgement.json"
    file.write_text(json.dumps(JUDGED))
    asked = report.Settings.model_validate({"app": "shop", "judgement": str(file), "html": "page.html"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "gather", lambda *_: Report("shop", "shop", "one", "walking"))
        _, text, page = report.rendered(asked, NAMES, cast("Claims", Clock()))
    assert "rung 1: fail" in text
    assert "</html>" in page


@FEW
@CHANGES
def test_a_changed_judgement_is_rendered_or_refused(
    tmp_path: Path, place: tuple[Any, ...], value: object, *, is_missing: bool
) -> None:
    """Each of its values, with any other one, or missing."""
    rendered(tmp_path, changed(place, value, is_missing=is_missing))


@pytest.mark.full
@MANY
@CHANGES
def test_a_changed_judgement_is_rendered_or_refused_in_depth(
    tmp_path: Path, place: tuple[Any, ...], value: object, *, is_missing: bool
) -> None:
    """Many times as often."""
    rendered(tmp_path, changed(place, value, is_missing=is_missing))


TEXT = some.text(max_size=12) | some.sampled_from(["\ud800", "\033[2J", "@channel", "<!here>", "//[", "x" * 5000])
TIMES = some.sampled_from([0.0, -1.0, 1e18, 1e308, float("nan"), float("inf"), 1_800_000_000.0])
REPORTS = some.builds(
    Report, app=TEXT, namespace=TEXT, run=TEXT, reason=TEXT, verdict=TEXT, by=TEXT, bake=TEXT, undoes=TEXT,
    state=TEXT | some.sampled_from(["promoted", "rolled-back", "undone", "walking", "unknown"]), hotfix=TEXT,
    started=TIMES, ended=TIMES, weights=some.lists(some.tuples(TIMES, some.integers(0, 100)), max_size=3),
    images=some.none() | some.dictionaries(TEXT, TEXT | TEXT.map(f"{{}}@sha256:{'a' * 64}".format), max_size=2),
)  # fmt: skip


def notified(made: Report, status: str, link: str) -> None:
    """Make the message of each format."""
    for form in FORMATS.values():
        message = form(News(made, Clock().now(), status, link))
        assert message is None or isinstance(json.loads(json.dumps(message.body)), dict)


@FEW
@given(REPORTS, TEXT, TEXT)
def test_any_release_has_a_message_in_each_format(made: Report, status: str, link: str) -> None:
    """Names, reasons and times come from annotations, which people may have edited; a message is valid JSON."""
    notified(made, status, link)


@pytest.mark.full
@MANY
@given(REPORTS, TEXT, TEXT)
def test_any_release_has_a_message_in_each_format_in_depth(made: Report, status: str, link: str) -> None:
    """Many times as often."""
    notified(made, status, link)
