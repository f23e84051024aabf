"""Command `python -m tools.artifact_hub`, which `make docs` runs."""

import sys

from tools.artifact_hub.generate import ROOT, generated_files

for name, text in generated_files().items():
    file = ROOT / name
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {name}\n")
