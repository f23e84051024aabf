"""Every recorded message, sent to Triggers itself, starts what the offline listeners predict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.e2e.push.registry_pushes import listener_of, objects, remove_cluster_objects
from tests.e2e.tekton.releases import TEKTON
from tests.lab.cluster import triggers
from tests.lab.cluster.api import Json, documents
from tests.lab.cluster.lab import ClusterLab
from tests.support.triggers.listener import SHIPPED, Listener
from tests.support.triggers.messages import SECRETS, Message, listeners, messages, signed

pytestmark = pytest.mark.e2e
_EVENT = "triggers.tekton.dev/triggers-eventid"


@pytest.fixture(scope="module")
def urls(lab: ClusterLab) -> Iterator[dict[str, str]]:
    """Return the address of each shipped listener; what they create stays pending, in a namespace of its own."""
    namespace = f"{lab.namespace}-messages"
    lab.api.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}])
    lab.wait_for(lambda: lab.api.items("v1", "ServiceAccount", namespace), what="a service account")
    lab.api.apply(objects(namespace, status="PipelineRunPending"), namespace)
    lab.api.apply(documents(*sorted(SHIPPED.glob("app/*.yaml"))), namespace)
    lab.api.apply(map(listener_of, listeners()), namespace)
    yield {
        name: triggers.listen(lab.api, f"canary-push-{name}", namespace, number)
        for number, name in enumerate(listeners(), 1)
    }
    for number in range(1, len(listeners()) + 1):
        triggers.end(number)
    remove_cluster_objects(lab, namespace)
    lab.api.delete("v1", "Namespace", namespace)


@pytest.mark.parametrize("name", listeners())
def test_triggers_starts_what_the_offline_listener_predicts(lab: ClusterLab, urls: dict[str, str], name: str) -> None:
    """The same run in every field, or none; also for a wrong secret and for a message without a tag."""
    sent = [*messages(name), *_hostile(messages(name)[0])]
    events = {_sent(urls[name], signed(message)): message for message in sent}
    final = _sent(urls[name], signed(messages(name)[0]))
    offline = Listener(name, SECRETS)
    expected = {event: [_shown(run) for run in offline.receive(signed(message))] for event, message in events.items()}
    # Triggers handles messages side by side: the last one may start its run before an earlier one does.
    due = {final, *(event for event, runs in expected.items() if runs)}
    lab.wait_for(lambda: due <= set(_runs(lab)), 60, "the runs of all messages that start one")
    found = _runs(lab)
    for event, message in events.items():
        assert expected[event] == [_shown(found[event])] if event in found else expected[event] == [], message.what
    assert 2 <= sum(event in found for event in events)


def _hostile(good: Message) -> list[Message]:
    tags = ["v1.2.3\n", "v1.2.3;id", "$(params.app)", 'v1.2.3","x":"', "v1.2.3@sha256:00", 7, None]
    return [
        *(good.having("tag", tag) for tag in tags),
        good.having("repository", "evil.test/team/shop"),
        good.having("by", '$(context.pipelineRun.name)", "x": "\n<öb>' + "x" * 500),
        good.with_headers(Authorization="Bearer another-token-of-forty-letters-and-digits"),
        good.with_headers(Authorization=None, X_Hub_Signature_256=None),
    ]


def _sent(url: str, message: Message) -> str:
    """Send a message, and return the id that Triggers gave it."""
    answer = requests.post(f"{url}{message.path}", message.sent, headers=dict(message.headers), timeout=10)
    assert answer.status_code == requests.codes.accepted, answer.text
    return str(answer.json()["eventID"])


def _runs(lab: ClusterLab) -> dict[str, Json]:
    """Return the runs by the id of the message that started them."""
    found = lab.api.items(TEKTON, "PipelineRun", f"{lab.namespace}-messages")
    return {run["metadata"]["labels"][_EVENT]: run for run in found}


def _shown(run: Json) -> Json:
    """Return what a push decides in a run."""
    ours = {name: value for name, value in run["metadata"]["labels"].items() if name.startswith("canary-steps.io/")}
    notes = {
        name: value for name, value in run["metadata"]["annotations"].items() if name.startswith("canary-steps.io/")
    }
    params = {one["name"]: one["value"] for one in run["spec"]["params"]}
    return {"labels": ours, "annotations": notes, "params": params, "name": run["metadata"]["generateName"]}
