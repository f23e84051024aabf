"""Runs `canary-steps rollout` as a user would, and follows its log lines."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.embedded.lab import EmbeddedLab


@dataclass
class Progress:
    """The state of the release according to its log lines so far."""

    doing: str = "preparing the canary"
    weight: int = 0
    verdict: str = ""
    looked: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def take(self, line: dict[str, Any]) -> None:
        """Update the state from one log line."""
        match line.get("event"):
            case "weight.set" | "weight.returned" | "weight.retreated":
                self.weight = int(line.get("weight", 0))
                self.doing = "judging" if self.weight else "all users on stable"
            case "judge.looked":
                self.looked, self.verdict = line, str(line["verdict"])
            case "promote.template":
                self.doing = "promoting: stable gets the canary's template"
            case "step.ended" | "step.failed":
                self.results = line
            case _:
                pass


class Rollout:
    """One `canary-steps rollout` as a process."""

    def __init__(
        self, lab: EmbeddedLab, image: str, ladder: tuple[int, ...], report_dir: Path, flags: tuple[str, ...] = ()
    ) -> None:
        self.progress = Progress()
        self.command = [
            *(sys.executable, "-m", "steps", "rollout", "--app", "shop", "--image", image),
            *("--ladder", ",".join(map(str, ladder)), "--kubeconfig", str(lab.kubeconfig)),
            *("--prometheus-url", lab.prometheus_url, "--report-dir", str(report_dir), "--log-format", "json"),
            *("--min-seconds", "8", "--drain-seconds", "2", "--warmup-seconds", "0", "--by", "make demo"),
            *("--record", str(report_dir / "recording.jsonl.gz"), *flags),
        ]
        report_dir.mkdir(parents=True, exist_ok=True)
        self._log = (report_dir / "log.jsonl").open("w", encoding="utf-8")
        self._process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether the process still works."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Return the exit code."""
        code = self._process.wait()
        self._reader.join(5)
        self._log.close()
        return code

    def stop(self) -> None:
        """End the process by its pid."""
        if self.running:
            self._process.terminate()
        self.wait()

    def _follow(self) -> None:
        for text in self._process.stderr or ():
            self._log.write(text)
            try:
                self.progress.take(json.loads(text))
            except ValueError:
                continue
