"""Detect a release of an image digest that another run is releasing, or that stable runs already; only reads."""

import hashlib
import json

from steps.cluster.api import Cluster
from steps.model.run import Claim, Phase
from steps.model.workload import Noop, Release
from steps.workload.noop import detect_noop
from steps.workload.pin import arm_label_keys, running_digests
from steps.workload.release_objects import ReleaseObjects
from steps.workload.template import fingerprint


def request_fingerprint(release: Release) -> str:
    """Return 16 hex digits of what a release would change, or "" if its image is not given by digest.

    Neither the repository nor a tag beside the digest counts.
    """
    _, at, digest = release.image.partition("@")
    if not at:
        return ""
    asked = [digest, release.container, dict(release.env), dict(release.template_patch)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def is_duplicate(cluster: Cluster, release: Release, claim: Claim) -> bool:
    """Return whether a release has nothing left to do when a live claim ends.

    This is so if the claim's run releases the same, or if stable runs the same and that run has not begun to replace
    it: the registry announced one push twice, or late. A run that rolls back releases nothing.

    Args:
        cluster: the API server.
        release: the request; an image given by tag may mean another digest, so it is never a duplicate.
        claim: another run's, alive.

    Raises:
        PermanentError: the release is not possible. NotFound: a Deployment or Service is missing.
    """
    key = request_fingerprint(release)
    if not key or claim.phase is Phase.ROLLING_BACK:
        return False
    if claim.state.asked == key:
        return True
    found = ReleaseObjects(cluster, release)
    keys = arm_label_keys(found.stable) | set(found.selector.get("matchLabels") or {})
    if claim.phase is not Phase.PROMOTING:
        stable = found.stable["spec"]["template"]
        if detect_noop(stable, found.template, keys, running_digests(cluster, found.stable)) is Noop.YES:
            return True
    pin = claim.state.pin
    if pin is None or found.existing is None:
        return False
    template = found.existing["spec"]["template"]
    if fingerprint(template, arm_label_keys(found.stable, found.existing)) != pin.template_hash:
        return False
    return (
        detect_noop(template, found.template, keys, {name: {digest} for name, digest in pin.digests.items()})
        is Noop.YES
    )
