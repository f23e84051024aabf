"""The load generator, and what its users saw, with which tests compare."""

from tests.lab.embedded.load.client import Load
from tests.lab.embedded.load.records import Record, Seconds, View

__all__ = ["Load", "Record", "Seconds", "View"]
