"""A small in-process Kubernetes API with the kinds and verbs that the steps use, and a real server's bookkeeping."""

from tests.support.kubernetes_api.faults import Call, Faults
from tests.support.kubernetes_api.server import StandInApi
from tests.support.kubernetes_api.store import Store

__all__ = ["Call", "Faults", "StandInApi", "Store"]
