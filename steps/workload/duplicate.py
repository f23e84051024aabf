"""Whether a release asks for bits that another run is releasing, or that stable runs; it only reads."""

import hashlib
import json

from steps.cluster.api import Cluster
from steps.model.run import Claim, Phase
from steps.model.workload import Noop, Release
from steps.workload.noop import detect_noop
from steps.workload.pin import arm_label_keys, running_digests
from steps.workload.preflight import Preflight
from steps.workload.template import fingerprint


def request_fingerprint(release: Release) -> str:
    """Return 16 hex digits of what a release would change, or "" where its image is not given by digest.

    The same digest in another repository, or beside another tag, is the same.
    """
    _, at, digest = release.image.partition("@")
    if not at:
        return ""
    said = [digest, release.container, dict(release.env), dict(release.template_patch)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def is_duplicate(cluster: Cluster, release: Release, claim: Claim) -> bool:
    """Tell whether a living claim's end leaves nothing to do for a release.

    It is so where the run that holds the claim releases the same, and while stable, which that run may yet replace,
    runs the same: the registry has told of one push twice, or late. A run that rolls back releases nothing any more.

    Args:
        cluster: the API server.
        release: what is asked; an image by tag may mean other bits, and is never a duplicate.
        claim: another run's, alive.

    Raises:
        PermanentError: the release is not possible. NotFound: a Deployment or Service is missing.
    """
    key = request_fingerprint(release)
    if not key or claim.phase is Phase.ROLLING_BACK:
        return False
    if claim.state.asked == key:
        return True
    seen = Preflight(cluster, release)
    keys = arm_label_keys(seen.stable) | set(seen.selector.get("matchLabels") or {})
    if claim.phase is not Phase.PROMOTING:
        stable = seen.stable["spec"]["template"]
        if detect_noop(stable, seen.template, keys, running_digests(cluster, seen.stable)) is Noop.YES:
            return True
    pin = claim.state.pin
    if pin is None or seen.existing is None:
        return False
    template = seen.existing["spec"]["template"]
    if fingerprint(template, arm_label_keys(seen.stable, seen.existing)) != pin.template_hash:
        return False
    return (
        detect_noop(template, seen.template, keys, {name: {digest} for name, digest in pin.digests.items()}) is Noop.YES
    )
