"""Command `python -m tools.tekton`, which `make docs` runs."""

import sys

from tools.tekton.generate import write_files

sys.stdout.writelines(f"wrote tekton/{path}\n" for path in write_files())
