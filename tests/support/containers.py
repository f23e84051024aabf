"""One run of the product's image, through testcontainers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from testcontainers.core.container import DockerContainer

Json = dict[str, Any]
HARDENED: Json = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
"""Security settings that a strict cluster demands of a container."""


@dataclass(frozen=True)
class ContainerResult:
    """How a container ended."""

    exit_code: int
    out: str
    err: str

    @property
    def closing(self) -> Json:
        """The last log line."""
        found: Json = json.loads(self.err.splitlines()[-1])
        return found


class Container:
    """A running container; `with Container(…) as container:` removes it at the end."""

    def __init__(
        self, image: str, *command: str, environment: dict[str, str] | None = None,
        mounts: dict[Path, str] | None = None, **options: Any,
    ) -> None:  # fmt: skip
        made: Any = DockerContainer(image).with_command(list(command))
        self._container = made.with_envs(**(environment or {})).with_kwargs(network_mode="host", **options)
        for source, (target, _, mode) in {path: place.partition(":") for path, place in (mounts or {}).items()}.items():
            self._container.with_volume_mapping(str(source), target, mode or "ro")

    def __enter__(self) -> Self:
        self._container.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._container.stop()

    def wait(self, timeout_seconds: float = 60.0) -> ContainerResult:
        """Return how it ended."""
        code = self._container.get_wrapped_container().wait(timeout=timeout_seconds)["StatusCode"]
        return ContainerResult(code, *self._said())

    def terminate(self) -> None:
        """Send SIGTERM, as Kubernetes does first."""
        self._container.get_wrapped_container().kill("SIGTERM")

    def changes(self) -> list[str]:
        """Return the paths in the container that differ from its image."""
        return [one["Path"] for one in self._container.get_wrapped_container().diff() or []]

    def log(self) -> str:
        """Return what it has logged so far."""
        return self._said()[1]

    def _said(self) -> tuple[str, str]:
        out, err = self._container.get_logs()
        return out.decode(), err.decode()


def run(image: str, *command: str, **options: Any) -> ContainerResult:
    """Run a container to its end."""
    with Container(image, *command, **options) as container:
        return container.wait()
