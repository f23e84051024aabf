"""The role brings dashboards to Grafana, changes nothing the second time, and leaves nothing half done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ansible.playbook import ControlNode, Play
from tests.support.grafana_api import GrafanaApi
from tests.support.local_servers import LocalServers, body

pytestmark = [pytest.mark.e2e, pytest.mark.full]

DASHBOARD = {
    "uid": "releases",
    "title": "Canary releases",
    "schemaVersion": 39,
    "version": 3,
    "panels": [{"type": "timeseries", "title": "Weight"}],
    "templating": {
        "list": [
            {"name": "prometheus", "type": "datasource", "query": "prometheus"},
            {"name": "app", "type": "query", "query": "label_values(app)"},
        ]
    },
}


class Dashboards:
    """Plays the part of the role that is about Grafana."""

    def __init__(self, node: ControlNode, grafana: GrafanaApi, folder: Path) -> None:
        self._node, self._file = node, folder / "releases.json"
        self.write(DASHBOARD)
        node.variables |= {
            "canary_grafana_url": grafana.url,
            "canary_grafana_token": grafana.token,
            "canary_dashboards": [str(self._file)],
        }

    def write(self, dashboard: dict[str, Any]) -> None:
        """Write the file that comes with the product."""
        self._file.write_text(json.dumps(dashboard), encoding="utf-8")

    def play(self, *flags: str, **variables: Any) -> Play:
        """Play it."""
        return self._node.play("--tags", "canary_dashboards", *flags, **variables)


@pytest.fixture
def dashboards(node: ControlNode, grafana: GrafanaApi, tmp_path: Path) -> Dashboards:
    """Return the part of the role that is about Grafana."""
    return Dashboards(node, grafana, tmp_path)


def test_a_dashboard_is_saved_once(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """A check announces it, the first play saves it, and the second finds it as it should be."""
    announced = dashboards.play("--check")
    assert (0, 1, []) == (announced.exit_code, announced.changed, grafana.writes)
    assert "releases would be created" in announced.words
    assert [1, 0] == [dashboards.play().changed for _ in range(2)]
    saved = grafana.dashboards["releases"]
    assert [1] == [one["dashboard"]["version"] for one in saved.versions]
    assert DASHBOARD["panels"] == saved.content["panels"]


def test_a_newer_file_is_saved_over_it(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """As the next version, so that Grafana keeps the one before."""
    dashboards.play()
    dashboards.write({**DASHBOARD, "title": "Releases"})
    assert [1, 0] == [dashboards.play().changed for _ in range(2)]
    assert ["Canary releases", "Releases"] == [
        one["dashboard"]["title"] for one in grafana.dashboards["releases"].versions
    ]


def test_an_edit_by_hand_is_replaced(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """The file is what should be; the edit stays in Grafana's history."""
    dashboards.play()
    grafana.save({**DASHBOARD, "panels": []})
    assert [1, 0] == [dashboards.play().changed for _ in range(2)]
    assert DASHBOARD["panels"] == grafana.dashboards["releases"].content["panels"]


def test_a_dashboard_that_grafana_migrates_is_saved_once(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """Newer Grafanas show another content than was saved; the message of the last save says that it is ours."""
    grafana.migrates = True
    assert [1, 0] == [dashboards.play().changed for _ in range(2)]


def test_a_folder_is_created_if_it_has_a_title(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """And the dashboard is in it."""
    folder = {"canary_grafana_folder_uid": "canary", "canary_grafana_folder_title": "Canary releases"}
    announced = dashboards.play("--check", **folder)
    assert (2, []) == (announced.changed, grafana.writes)
    assert "Folder canary would be created" in announced.words
    assert [2, 0] == [dashboards.play(**folder).changed for _ in range(2)]
    assert {"canary": "Canary releases"} == grafana.folders
    assert "canary" == grafana.dashboards["releases"].folder


def test_a_dashboard_that_people_moved_stays_where_it_is(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """Unless a folder is named."""
    grafana.folders["team"] = "Team"
    grafana.save({**DASHBOARD, "title": "older"}, folder="team")
    assert 1 == dashboards.play().changed
    assert "team" == grafana.dashboards["releases"].folder


@pytest.mark.parametrize("readable", [True, False])
def test_the_data_source_is_what_the_dashboard_shows_at_first(
    dashboards: Dashboards, grafana: GrafanaApi, *, readable: bool
) -> None:
    """By its uid; its name is shown where the token may read it."""
    grafana.datasources["prom-1"] = "Metrics"
    grafana.refuses_reading_datasources = not readable
    assert [1, 0] == [dashboards.play(canary_grafana_datasource_uid="prom-1").changed for _ in range(2)]
    chosen = grafana.dashboards["releases"].content["templating"]["list"][0]["current"]
    assert {"text": "Metrics" if readable else "prom-1", "value": "prom-1"} == chosen


def test_a_grafana_that_is_down_is_reported_before_anything_is_written(
    dashboards: Dashboards, grafana: GrafanaApi
) -> None:
    """With its address and the remedy."""
    play = dashboards.play(canary_grafana_url="http://127.0.0.1:1")
    assert 2 == play.exit_code
    assert "Grafana http://127.0.0.1:1 does not show its dashboards: status -1" in play.words
    assert "Check canary_grafana_url" in play.words


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"canary_grafana_token": "wrong-secret"}, "status 401, Invalid API key. Set canary_grafana_token"),
        ({"canary_grafana_folder_uid": "nowhere"}, "does not show folder nowhere (status 404, folder not found)"),
        ({"canary_grafana_datasource_uid": "nothing"}, "has no data source with the uid nothing (status 404"),
        ({"canary_grafana_url": "http://ann:hidden@127.0.0.1"}, "canary_grafana_url: http:// or https://, a host"),
    ],
)
def test_a_refusal_says_what_helps_and_writes_nothing(
    dashboards: Dashboards, grafana: GrafanaApi, variables: dict[str, str], expected: str
) -> None:
    """Each is found before the first write."""
    play = dashboards.play(**variables)
    assert 2 == play.exit_code
    assert expected in play.words
    assert [] == grafana.writes


def test_a_dashboard_that_somebody_saves_meanwhile_is_not_overwritten(
    dashboards: Dashboards, grafana: GrafanaApi
) -> None:
    """Grafana answers 412, and the next play decides on what is there then."""
    grafana.save({**DASHBOARD, "title": "older"})
    grafana.before_save = lambda: grafana.save({**DASHBOARD, "title": "by a person"})
    play = dashboards.play()
    assert 2 == play.exit_code
    assert "status 412, The dashboard has been changed by someone else" in play.words
    assert "by a person" == grafana.dashboards["releases"].content["title"]


def test_a_provisioned_dashboard_is_left_to_its_files(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """Grafana refuses to save it, and the message says where to change it."""
    grafana.save({**DASHBOARD, "title": "from a file"})
    grafana.provisioned.add("releases")
    play = dashboards.play()
    assert 2 == play.exit_code
    assert "Cannot save provisioned dashboard" in play.words


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (200, b"<html>", "text/html"),
        (200, b"[]", "application/json"),
        (200, b'{"dashboard": "moved"}', "application/json"),
        (404, b"<html>", "text/html"),
    ],
)
def test_a_server_that_is_not_grafana_is_named(dashboards: Dashboards, status: int, text: bytes, kind: str) -> None:
    """Such as a login page; its 404 does not mean that a dashboard is missing, not even in a check."""
    servers = LocalServers()
    try:
        port = servers.start(body(text, status, **{"Content-Type": kind})).endpoint.port
        play = dashboards.play("--check", canary_grafana_url=f"http://127.0.0.1:{port}")
    finally:
        servers.stop()
    assert 2 == play.exit_code
    assert f"does not show its dashboards: status {status}" in play.words
    assert "This is not Grafana's API" in play.words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("canary_grafana_token_file", "/nowhere/token"),
        ("canary_prometheus_token_file", "/nowhere/token"),
        ("canary_ca_file", "/nowhere/ca.pem"),
        ("canary_dashboards", ["/nowhere/releases.json"]),
    ],
)
def test_a_file_that_is_not_there_is_named_with_its_variable(
    dashboards: Dashboards, grafana: GrafanaApi, name: str, value: str | list[str]
) -> None:
    """Before a server is asked."""
    play = dashboards.play(**{name: value})
    assert 2 == play.exit_code
    assert f"{name}: {value if isinstance(value, str) else value[0]} is not a file" in play.words
    assert [] == grafana.writes


def test_a_token_may_end_with_a_newline(dashboards: Dashboards, grafana: GrafanaApi) -> None:
    """As vaults return it."""
    play = dashboards.play("-vvvv", canary_grafana_token=f"{grafana.token}\n")
    assert (0, 1) == (play.exit_code, play.changed)
    assert grafana.token not in play.out


@pytest.mark.parametrize("mark", ["\n", " ", "\u20ac"])
@pytest.mark.parametrize("name", ["canary_grafana_token", "canary_grafana_token_file", "canary_prometheus_token_file"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(
    dashboards: Dashboards, grafana: GrafanaApi, tmp_path: Path, name: str, mark: str
) -> None:
    """Python's HTTP client repeats what it refuses, and its message would be printed."""
    token = f"secret-1{mark}secret-2"
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")
    given = token if name == "canary_grafana_token" else str(file)
    others = {"canary_grafana_token": ""} if name == "canary_grafana_token_file" else {}
    tags = ("--tags", "canary_metrics") if name == "canary_prometheus_token_file" else ()
    play = dashboards.play("-vvvv", *tags, **{**others, name: given})
    assert 2 == play.exit_code
    assert name in play.words
    assert "has to hold one token: one line of printable ASCII characters" in play.words
    assert "secret-" not in play.out
    assert [] == grafana.writes


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1"])
def test_no_log_has_the_token(dashboards: Dashboards, grafana: GrafanaApi, tmp_path: Path, url: str) -> None:
    """Neither of a good play nor of a failed one, however verbose, and from a file as well."""
    (tmp_path / "token").write_text(f"{grafana.token}\n", encoding="utf-8")
    from_file = {"canary_grafana_token": "", "canary_grafana_token_file": str(tmp_path / "token")}
    for given in ({}, from_file):
        play = dashboards.play("-vvvv", "--diff", **({"canary_grafana_url": url} if url else {}), **given)
        assert bool(url) == bool(play.exit_code)
        assert grafana.token not in play.out
