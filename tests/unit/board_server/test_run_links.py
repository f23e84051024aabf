"""Links to runs in the engine's UI."""

from __future__ import annotations

import pytest

from steps.board_server.rows import row_of
from steps.board_server.run_links import check_template, run_url
from steps.model.listing import ListedApp
from steps.model.run import ObjectName, Record

RUN = "0f3c5a9e-1c2d-4e5f-8a9b-000000000001"


def address(template: str, run: str = RUN, by: str = "release-x7k2p", app: str = "shop") -> str:
    """Return the address of a run that ended."""
    listed = ListedApp(ObjectName("pay", "shop"), app, record=Record(run, 1, "promoted", "", 1.0, 2.0, by=by))
    return run_url(check_template(template))(listed, row_of(listed))


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("", ""),
        ("https://argo.example/workflows/{namespace}/{workflow}", "https://argo.example/workflows/pay/release-x7k2p"),
        ("http://ui:8080/r/{run}?app={app}", f"http://ui:8080/r/{RUN}?app=shop"),
    ],
)
def test_a_template_is_filled_in(template: str, made: str) -> None:
    """With what the claim or the record knows."""
    assert made == address(template)


def test_values_cannot_leave_their_place_in_the_address() -> None:
    """A slash, a question mark or a brace of an annotation is quoted."""
    assert "https://ui.example/..%2F..%2F%3Fx%7Brun%7D" == address("https://ui.example/{app}", app="../../?x{run}")


@pytest.mark.parametrize("run", ["by-hand-1", "r1", RUN.upper(), ""])
def test_a_run_that_no_engine_started_has_no_workflow(run: str) -> None:
    """Engines pass their own uid as the run's id; `by` is then a person, not a workflow."""
    assert "" == address("https://ui.example/{workflow}", run=run, by="ann")


@pytest.mark.parametrize(
    "template",
    [
        "argo.example/{workflow}",
        "javascript:alert({run})",
        "https:///{run}",
        "https://{namespace}.example/",
        "https://ui.example/{name}",
        "https://ui.example/{}",
        "https://ui.example/{run.__class__}",
        "https://ui.example/{run!r}",
        "https://ui.example/{run:9999999999}",
        "https://ui.example/{run",
        "https://[ui/{run}",
    ],
)
def test_a_bad_template_is_refused_at_the_start(template: str) -> None:
    """Not on the first page view."""
    with pytest.raises(ValueError, match=r"template|field|must begin"):
        check_template(template)
