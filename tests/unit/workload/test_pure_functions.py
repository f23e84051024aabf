"""Pure functions: fingerprints, merging, selectors, volumes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.cluster.connection import USER_AGENT
from steps.cluster.managing_tools import managing_tool
from steps.errors import PermanentError
from steps.workload import label_selectors, rbac
from steps.workload.diagnosis import describe_probe
from steps.workload.pin import digest_of, last_manager, last_writer
from steps.workload.preconditions import check_volumes
from steps.workload.strategic_merge import merge
from steps.workload.template import fingerprint, from_replica_set, promoted_template, with_changes
from steps.workload.template_references import config_references, volume_claims
from tests.support.shop_release import deployment

TEMPLATE: dict[str, Any] = deployment("shop", "shop:1")["spec"]["template"]


def with_meta(**meta: Any) -> dict[str, Any]:
    """Return the template with other metadata."""
    return {**TEMPLATE, "metadata": {**TEMPLATE["metadata"], **meta}}


def test_fingerprint_ignores_what_tells_the_arms_apart() -> None:
    """Arm labels, the hash label, restarts and creation times do not count."""
    arms = {"app": "shop-canary", "team": "till", "pod-template-hash": "abc"}
    restarted = {"checksum/config": "1", "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    other = with_meta(labels=arms, annotations=restarted, creationTimestamp=None)

    assert fingerprint(TEMPLATE, {"app"}) == fingerprint(other, {"app"})


@pytest.mark.parametrize(
    "other",
    [
        with_changes(TEMPLATE, "", "shop:2", {}, {}),
        with_changes(TEMPLATE, "", "", {"MODE": "fast"}, {}),
        with_meta(annotations={"checksum/config": "2"}),
        with_meta(labels={"app": "shop", "team": "pay"}),
    ],
)
def test_fingerprint_sees_everything_else(other: dict[str, Any]) -> None:
    """Image, environment, a checksum of the configuration, other labels."""
    assert fingerprint(TEMPLATE, {"app"}) != fingerprint(other, {"app"})


@given(st.dictionaries(st.sampled_from(["app", "team", "version"]), st.sampled_from(["a", "b"])))
def test_promoted_template_is_the_canarys_but_for_the_arm(own: dict[str, str]) -> None:
    """Whatever labels stable has, its arm labels stay and the fingerprint is the canary's."""
    made = promoted_template(TEMPLATE, with_meta(labels=own), {"app", "version"})

    assert fingerprint(TEMPLATE, {"app", "version"}) == fingerprint(made, {"app", "version"})
    assert own.get("app") == made["metadata"]["labels"].get("app")


def test_template_of_a_replica_set_loses_the_hash_label() -> None:
    """A Deployment's template must not carry it."""
    assert TEMPLATE == from_replica_set(with_meta(labels={**TEMPLATE["metadata"]["labels"], "pod-template-hash": "x"}))


def test_merge_follows_names_in_lists() -> None:
    """Containers, variables and mounts are found by name; null removes; other lists are replaced."""
    base = {"containers": [{"name": "app", "args": ["a"], "env": [{"name": "A", "value": "1"}], "tty": True}]}
    patch = {"containers": [{"name": "app", "args": ["b"], "env": [{"name": "B", "value": "2"}], "tty": None}]}
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]

    assert {"containers": [{"name": "app", "args": ["b"], "env": env}]} == merge(base, patch)
    assert [{"name": "app"}, {"name": "side"}] == merge(
        {"containers": [{"name": "app"}]}, {"containers": [{"name": "side"}]}
    )["containers"]


def test_environment_replaces_a_reference() -> None:
    """A variable cannot have both a value and a valueFrom."""
    base = with_changes(
        TEMPLATE, "", "", {}, {"spec": {"containers": [{"name": "app", "env": [{"name": "A", "valueFrom": {}}]}]}}
    )

    assert [{"name": "A", "value": "1"}] == with_changes(base, "app", "", {"A": "1"}, {})["spec"]["containers"][0][
        "env"
    ]


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"a": "1"}}, True),
        ({"matchLabels": {"a": "2"}}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_selectors_match_as_kubernetes_does(selector: label_selectors.Selector | None, holds: bool) -> None:  # noqa: FBT001
    """All operators; none selects nothing, an empty one everything."""
    assert holds == label_selectors.matches(selector, {"a": "1"})


def test_selector_query_uses_the_apis_syntax() -> None:
    """Equality, sets and existence in one query."""
    expressions = [
        {"key": "b", "operator": "In", "values": ["1", "2"]},
        {"key": "c", "operator": "NotIn", "values": ["3"]},
        {"key": "d", "operator": "Exists"},
        {"key": "e", "operator": "DoesNotExist"},
    ]

    assert "a=1,b in (1,2),c notin (3),d,!e" == label_selectors.as_query(
        {"matchLabels": {"a": "1"}, "matchExpressions": expressions}
    )


@pytest.mark.parametrize(
    ("modes", "is_refused"),
    [
        (["ReadWriteOnce"], True),
        (["ReadWriteOncePod"], True),
        (["ReadWriteMany"], False),
        (["ReadOnlyMany", "ReadWriteOnce"], False),
    ],
)
def test_volumes_for_one_node_are_refused(modes: list[str], is_refused: bool) -> None:  # noqa: FBT001
    """Both arms must be able to mount a volume at the same time."""
    stable, claim = deployment("shop", "shop:1"), {"spec": {"accessModes": modes}}
    if not is_refused:
        check_volumes(stable, {"data": claim})
        return
    with pytest.raises(PermanentError, match=r"PersistentVolumeClaim data has spec\.accessModes ReadWriteOnce"):
        check_volumes(stable, {"data": claim})


def test_missing_volume_is_refused() -> None:
    """A canary would wait for it in vain."""
    with pytest.raises(PermanentError, match="PersistentVolumeClaim data does not exist"):
        check_volumes(deployment("shop", "shop:1"), {"data": None})


def test_references_are_found_everywhere() -> None:
    """Volumes, projected volumes, envFrom, env, and claims."""
    template = {
        "spec": {
            "volumes": [
                {"name": "a", "configMap": {"name": "a"}},
                {"name": "b", "projected": {"sources": [{"secret": {"name": "b"}}]}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "data"}},
            ],
            "containers": [
                {
                    "name": "app",
                    "envFrom": [{"secretRef": {"name": "c"}}],
                    "env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "e", "key": "x"}}}],
                }
            ],
        }
    }

    assert {"ConfigMap a", "Secret b", "Secret c", "ConfigMap e"} == config_references(template)
    assert ["data"] == volume_claims(template)


def test_flux_with_helm_is_flux() -> None:
    """Flux is the tool that writes back."""
    item = deployment("shop", "shop:1")
    item["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm", "helm.toolkit.fluxcd.io/name": "shop"}

    assert "Flux" == managing_tool(item)[0]
    assert ("", "") == managing_tool(deployment("shop", "shop:1"))


@pytest.mark.parametrize("image_id", ["shop@sha256:1", "docker-pullable://r.example/shop@sha256:1", "sha256:1"])
def test_digest_is_found_in_every_runtimes_form(image_id: str) -> None:
    """Repository and scheme are left out."""
    assert "sha256:1" == digest_of(image_id)


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        (None, ""),
        ({"httpGet": {"path": "/ready", "port": "http"}}, "GET /ready on port http"),
        ({"tcpSocket": {"port": 80}}, "TCP port 80"),
        ({"grpc": {"port": 90}}, "gRPC on port 90"),
        ({"exec": {"command": ["cat", "/ok"]}}, "command cat /ok"),
    ],
)
def test_probes_are_described(probe: dict[str, Any] | None, text: str) -> None:
    """A person should know what to try by hand."""
    assert text == describe_probe(probe)


def test_no_account_may_delete() -> None:
    """Objects of users are never deleted, so the verb is not needed."""
    assert {"get", "list", "patch", "create"} == {
        verb for one in (*rbac.READER, *rbac.WALKER, *rbac.SWEEPER) for verb in one.verbs
    }


def test_the_culprit_is_never_our_own_newer_entry() -> None:
    """A reloader changed the template, then we wrote another field of it: the reloader is named."""
    entries = [
        {"manager": "reloader", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:template": {}}}},
        {"manager": USER_AGENT, "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:template": {}}}},
        {"manager": "hpa", "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    assert "reloader" == last_writer({"metadata": {"managedFields": entries}})
    assert USER_AGENT == last_manager({"metadata": {"managedFields": entries}})
    assert USER_AGENT == last_writer({"metadata": {"managedFields": entries[1:]}})
    assert "somebody" == last_writer({"metadata": {}})
