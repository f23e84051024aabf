"""No data is never a pass: no traffic at all, and traffic that never meets the canary."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Deploy
from tests.support.kubernetes_api.kinds import VIRTUAL_SERVICE

pytestmark = pytest.mark.integration
Json = dict[str, Any]


def test_without_any_traffic_the_release_is_inconclusive(deploy: Deploy) -> None:
    """Exit 6 and rolled back, with a sentence that says what was not seen."""
    app = deploy("quiet")
    ended = app.run("rollout", "--image", app.image("v2"), "--ladder", "50", "--timeout-seconds", "4")
    found = (ended.exit_code, ended.results["verdict"], ended.results["outcome"])
    assert (6, "inconclusive", "rolled-back") == found, ended.lines
    assert "no canary request seen since the weight was set" in ended.results["reason"]
    assert ((100, 0), "") == (app.weights(), app.claim())


def test_traffic_on_stable_alone_is_inconclusive(deploy: Deploy) -> None:
    """All users come through another route: the weight is set, and nobody meets the canary."""
    app = deploy("bypassed")

    def bypass(item: Json) -> Json:
        route = [{"destination": {"host": "bypassed"}}]
        everybody = [{"uri": {"prefix": "/"}}]
        item["spec"]["http"].insert(0, {"name": "everybody", "match": everybody, "route": route})
        return item

    app.change(VIRTUAL_SERVICE, bypass)
    app.prepared("one")
    with app.users(40):
        ended = app.run("analyze", "--run", "one", "--weight", "50", "--timeout-seconds", "4")
        assert (6, "inconclusive") == (ended.exit_code, ended.results["verdict"]), ended.lines
        assert "no canary request seen since the weight was set" in ended.results["reason"]
        split = app.run(
            "set-weight", "--run", "one", "--weight", "50", "--wait-observed", "--observed-timeout-seconds", "6"
        )
    assert (3, "temporary") == (split.exit_code, split.code)
    assert "Prometheus shows 0.0 percent of the requests on the canary" in split.error
    assert "Check that clients come through these routes" in split.error
