"""Permissions on workloads: prepare checks them by SelfSubjectAccessReview, the shipped RBAC grants them."""

from steps.cluster.kinds import (
    AUTHORIZATION_POLICY,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    HORIZONTAL_POD_AUTOSCALER,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    POD_DISRUPTION_BUDGET,
    POD_MONITOR,
    REPLICA_SET,
    SERVICE,
)
from steps.cluster.permission import Permission

READER = (
    Permission(DEPLOYMENT, ("get",), is_named=True),
    Permission(REPLICA_SET, ("list",)),
    Permission(POD, ("list",)),
)

WALKER = (
    Permission(DEPLOYMENT, ("get", "patch"), is_named=True),
    Permission(DEPLOYMENT, ("create",)),
    Permission(REPLICA_SET, ("get", "list")),
    Permission(POD, ("list",)),
    Permission(SERVICE, ("get",), is_named=True),
    Permission(PERSISTENT_VOLUME_CLAIM, ("get",)),
    Permission(HORIZONTAL_POD_AUTOSCALER, ("list",)),
    Permission(ENDPOINT_SLICE, ("list",), is_optional=True),
    Permission(NETWORK_POLICY, ("list",), is_optional=True),
    Permission(AUTHORIZATION_POLICY, ("list",), is_optional=True),
    Permission(POD_DISRUPTION_BUDGET, ("list",), is_optional=True),
    Permission(POD_MONITOR, ("list",), is_optional=True),
)

SWEEPER = (
    Permission(DEPLOYMENT, ("get", "patch")),
    Permission(REPLICA_SET, ("get", "list")),
    Permission(POD, ("list",)),
    Permission(HORIZONTAL_POD_AUTOSCALER, ("list",)),
)
