"""Deployments of a release: check, clone, scale, pin, promote, undo. Nothing else here reads or writes them.

`Workload` (workload.py) is the front for steps and actions. Every write tests the claim's token
(steps/claim/deployments.py), so a run that lost its claim can no longer change a Deployment. Many files are pure: they
get objects as the API server returns them, and steps/manifests/ uses some of them to print the same objects.

Before the first write
    preflight.py        all checks in their order; returns a `ReleasePlan` or refuses
    release_objects.py  stable as it is, the canary and the baseline as they will be
    preconditions.py, arm_selectors.py, port_checks.py, related_objects.py    one kind of check each
    noop.py, duplicate.py    whether there is anything to release
    deployed_canary.py  what a rollback needs to put back a canary that people deploy

The canary
    canary.py           creates it and its baseline (clone.py, baseline.py, template.py, strategic_merge.py)
    capacity.py         how many pods a weight needs, and scaling; replicas that an autoscaler owns are never written
    readiness.py        waits for pods; diagnosis.py explains why they do not become ready
    endpoints.py        requires ready endpoints before the first request
    pin.py              what was judged: ReplicaSet, template fingerprint, image digests
    health.py           pods during an analysis; disruption_tracker.py and pod_disruptions.py separate faults of the
                        cluster from faults of the version

The end
    promote.py          copies the pinned template to stable and verifies the digests
    undo.py             restores the template that stable had at the start
    promoted_canary.py  whether the canary of a swap can be left with all users
    behind.py           whether a Service has other pods than those that are about to stop
    retire_canary.py    scales the canary down, or leaves one that people deploy as they had it

A template's fingerprint, and never a name or a tag, decides whether two templates are equal. Each function may be
called again after a kill: it looks at what is there and writes only the difference.
"""

from steps.workload.workload import Workload

__all__ = ["Workload"]
