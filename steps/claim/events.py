"""Every act is also a Kubernetes Event on the VirtualService: best effort, never in the way."""

import uuid
from datetime import UTC, datetime
from typing import Final

import structlog

from steps.cluster.api import Cluster
from steps.cluster.connection import USER_AGENT
from steps.cluster.kinds import EVENT, VIRTUAL_SERVICE
from steps.errors import Interrupted, StepError
from steps.model.printable import printable
from steps.model.run import ObjectName

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_TIMEOUT_SECONDS: Final = 2.0
_LONGEST_MESSAGE: Final = 1024
_LONGEST_NAME: Final = 200


class Events:
    """Writes Events.

    Args:
        cluster: the API server; under rehearsal nothing is noted.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster.without_retries(_TIMEOUT_SECONDS)

    def note(self, about: ObjectName, reason: str, message: str, *, uid: str = "", warning: bool = False) -> None:
        """Write one Event, or log that it could not be written.

        Args:
            about: the VirtualService.
            reason: one CamelCase word, "WeightSet".
            message: one sentence; cut at 1024 characters.
            uid: the VirtualService's, without which `kubectl describe` does not show the Event.
            warning: whether somebody should look.
        """
        if self._cluster.is_dry_run:
            return
        try:
            body = self._body(about, uid, reason, message, warning=warning)
            self._cluster.create(EVENT, about.namespace, body)
        except Interrupted:
            raise
        except StepError as error:
            log.warning("event.not_written", reason=reason, about=str(about), cause=error.cause)

    def _body(self, about: ObjectName, uid: str, reason: str, message: str, *, warning: bool) -> dict[str, object]:
        now = datetime.fromtimestamp(self._cluster.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "metadata": {"name": f"{about.name[:_LONGEST_NAME]}.{uuid.uuid4().hex[:16]}", "namespace": about.namespace},
            "involvedObject": {
                "apiVersion": VIRTUAL_SERVICE.api_version,
                "kind": VIRTUAL_SERVICE.name,
                "namespace": about.namespace,
                "name": about.name,
                **({"uid": uid} if uid else {}),
            },
            "reason": reason,
            "message": printable(message[:_LONGEST_MESSAGE]),
            "type": "Warning" if warning else "Normal",
            "source": {"component": USER_AGENT},
            "reportingComponent": USER_AGENT,
            "reportingInstance": USER_AGENT,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
