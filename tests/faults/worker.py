"""A process of `make faults`: tries its part of the points and prints one line of JSON for each."""

from __future__ import annotations

import importlib

from tests.faults.clock import CLOCK

if __name__ == "__main__":
    CLOCK.install()  # before the steps are imported
    importlib.import_module("tests.faults.part").main()
