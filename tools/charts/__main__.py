"""Command `python -m tools.charts`, which `make docs` runs."""

import sys

from tools.charts.generate import write_files

sys.stdout.writelines(f"wrote charts/canary-steps/{path}\n" for path in write_files())
