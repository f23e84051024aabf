"""The shipped play of a control node, run by ansible-playbook as users do it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.processes import ROOT

FOLDER = ROOT / "examples" / "ansible"
_BIN = ROOT / ".venv-ansible" / "bin"
_COMMAND = Path(sys.executable).with_name("canary-steps")


@dataclass(frozen=True)
class Play:
    """How a play ended."""

    exit_code: int
    out: str

    @property
    def changed(self) -> int:
        """Return how many tasks changed something."""
        found = re.search(r"^staging .*\bchanged=(\d+)", self.out, re.MULTILINE)
        assert found, self.out
        return int(found[1])

    @property
    def words(self) -> str:
        """Return what it printed with single spaces, so that wrapped sentences can be looked for."""
        return " ".join(self.out.split())


class ControlNode:
    """Plays ctrl.yaml with a set of variables.

    Args:
        folder: for the files of variables, and for Ansible's own.
        variables: of every play, over those of the example.
    """

    def __init__(self, folder: Path, **variables: Any) -> None:
        self._folder = folder
        self._numbers = count(1)
        self.variables: dict[str, Any] = {"canary_command": str(_COMMAND), "canary_context": "", **variables}

    def play(self, *flags: str, **variables: Any) -> Play:
        """Play once; `variables` are of this play."""
        given = self._folder / f"variables-{next(self._numbers)}.json"
        given.write_text(json.dumps({**self.variables, **variables}), encoding="utf-8")
        own = {"ANSIBLE_HOME": str(self._folder / "ansible"), "ANSIBLE_NOCOLOR": "1", "PYTHONWARNINGS": "ignore"}
        # As documented: from the example's folder, so that its ansible.cfg and inventory count.
        done = subprocess.run(
            (str(_BIN / "ansible-playbook"), "ctrl.yaml", "-e", f"@{given}", *flags), cwd=FOLDER,
            env={**os.environ, "PATH": f"{_BIN}:{os.environ['PATH']}", **own},
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        return Play(done.returncode, done.stdout + done.stderr)
