"""Writes charts/canary/Chart.yaml, so that both charts show the same to Artifact Hub: `make docs`."""

import sys
from typing import Final

from tools.charts.canary_values import CHART
from tools.charts.metadata import chart_yaml

_HOME: Final = "https://github.com/canary-steps/canary-steps"
FILE: Final = CHART / "Chart.yaml"


def text() -> str:
    """Return the content of the file."""
    return chart_yaml(
        "canary",
        "Makes each `helm upgrade` of an app a judged release on Istio, without an operator.",
        ("canary", "progressive-delivery", "istio", "prometheus"),
        home=_HOME,
        sources=[_HOME],
    )


def main() -> None:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE.name} of chart canary\n")


if __name__ == "__main__":
    main()
