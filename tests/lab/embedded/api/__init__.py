"""A small in-process Kubernetes API: the kinds and verbs that the steps use, with a real server's bookkeeping."""

from tests.lab.embedded.api.faults import Call, Faults
from tests.lab.embedded.api.server import StandInApi
from tests.lab.embedded.api.store import Store

__all__ = ["Call", "Faults", "StandInApi", "Store"]
