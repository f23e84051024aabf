"""Whether a Deployment is behind the destination of a route: a record that names another one must not be believed."""

import structlog

from steps.cluster.api import Cluster
from steps.cluster.kinds import DEPLOYMENT, SERVICE
from steps.errors import Forbidden, PermanentError
from steps.model.run import Destination
from steps.workload import label_selectors as label
from steps.workload.release_objects import service_name_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def require_behind(cluster: Cluster, namespace: str, name: str, destination: Destination, doing: str) -> None:
    """Require that the Service of a destination selects the pods of a Deployment, where both exist.

    Raises:
        PermanentError: it does not; names both.
    """
    deployment = cluster.find(DEPLOYMENT, namespace, name)
    if deployment is None:
        return
    service = service_name_of(destination)
    try:
        found = cluster.find(SERVICE, namespace, service)
    except Forbidden as error:
        log.warning("service.unknown", service=f"{namespace}/{service}", detail=f"it is not checked: {error.cause}")
        return
    selector = ((found or {}).get("spec") or {}).get("selector") or {}
    labels = (deployment["spec"]["template"].get("metadata") or {}).get("labels") or {}
    if found is not None and not label.matches({"matchLabels": selector}, labels):
        cause = (
            f"the record says that Deployment {namespace}/{name} is behind {destination}, but Service {service} selects"
            f" {label.as_text(selector)}, which its pods do not have. Somebody may have written another name into the"
            " record: restore the old version by hand."
        )
        raise PermanentError(doing, cause)
