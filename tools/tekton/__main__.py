"""`python -m tools.tekton`, which `make docs` calls."""

import sys

from tools.tekton.generate import write

sys.stdout.writelines(f"wrote tekton/{path}\n" for path in write())
