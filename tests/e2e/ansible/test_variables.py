"""Wrong variables are refused by name and value before any host is asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.ansible.playbook import ControlNode

pytestmark = [pytest.mark.e2e, pytest.mark.full]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"canary_on_problem": "ignore"}, "value of canary_on_problem must be one of: fail, warn, got: ignore"),
        ({"canary_apps": [{"app": "shop"}]}, "missing required arguments: namespace found in canary_apps"),
        ({"canary_apps": [{"app": "a", "namespace": "b", "nmae": "c"}]}, "canary_apps.nmae"),
        ({"canary_apps": [{"app": "a", "namespace": "b", "init": "perhaps"}]}, "perhaps"),
        ({"canary_metrics_wait_seconds": "soon"}, "canary_metrics_wait_seconds"),
        ({"canary_chart_values": "engines"}, "canary_chart_values"),
        ({"canary_namespaces": {"shop": "yes"}}, "canary_namespaces"),
        ({"canary_prometheus_url": "prometheus:9090"}, "canary_prometheus_url: http:// or https://, a host"),
        ({"canary_apps": [{"app": "a", "namespace": "b"}] * 2}, "lists an app twice: b/a, b/a"),
        ({"canary_command": "/nowhere/canary-steps"}, "canary_command: /nowhere/canary-steps does not run"),
        (
            {"canary_apps": [{"app": "a", "namespace": "b", "settings": {"drain-seconds": -1}}]},
            "settings of b/a: ",
        ),
    ],
)
def test_a_wrong_variable_is_refused_by_name(node: ControlNode, variables: dict[str, Any], expected: str) -> None:
    """Nothing was asked: this control node has no cluster."""
    play = node.play(canary_kubeconfig="/dev/null", **variables)
    assert 2 == play.exit_code
    assert expected in play.words


def test_the_play_and_its_role_are_valid(node: ControlNode) -> None:
    """As `ansible-playbook --syntax-check` sees them."""
    assert 0 == node.play("--syntax-check").exit_code
