"""The load generator, and what users saw: the truth that tests compare with."""

from tests.lab.embedded.load.client import Load
from tests.lab.embedded.load.records import Record, Seconds, View

__all__ = ["Load", "Record", "Seconds", "View"]
