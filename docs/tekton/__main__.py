"""`python -m docs.tekton`, which `make docs` calls."""

import sys

from docs.tekton.files import write

sys.stdout.writelines(f"wrote tekton/{path}\n" for path in write())
