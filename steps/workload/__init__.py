"""Deployments of a release: inspect, clone, wait ready, pin, scale, promote, undo. Nothing else here reads or writes.

`Workload` (steps/workload/workload.py) is the front; everything behind it is either pure or takes the cluster it needs.
"""

from steps.workload.workload import Workload

__all__ = ["Workload"]
