"""Builds the Go programs of the lab into a cache that outlives it; existing ones are not built again."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from zlib import crc32

from tests.lab.cluster import archive_fixes
from tests.lab.cluster.components import MODULES, NEEDED_GB, Module

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "canary-steps" / "cluster"
"""Programs, modules, images: everything that takes long to make."""

_CPUS = "2"
"""Builds leave the rest of the machine usable, and 2 GB of memory for each compiler are enough."""


def build(names: tuple[str, ...] = ()) -> None:
    """Build the programs that are missing, of all modules or of those named; another process waits until they are."""
    wanted = [module for module in MODULES if not names or module.name in names]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for module in wanted:
            _keep_definitions(module)
        _build_missing(wanted)


def _build_missing(wanted: list[Module]) -> None:
    missing = {module: [name for name in module.programs if not binary(name, module).exists()] for module in wanted}
    if not any(missing.values()):
        return
    _check_machine()
    total = sum(map(len, missing.values()))
    say(f"Building {total} programs (once; all of them take about 25 minutes on two cores)")
    for module in filter(lambda module: missing[module], wanted):
        _prepare(module)
        for name in missing[module]:
            _compile(module, name)


def module(name: str) -> Module:
    """Return a module of the table."""
    return next(module for module in MODULES if module.name == name)


def binary(name: str, module: Module | None = None) -> Path:
    """Return the path of a program; the path has the version, so a new version is built anew."""
    owner = module or next(module for module in MODULES if name in module.programs)
    return CACHE / "bin" / f"{owner.name}-{owner.version}" / name


def definitions(name: str) -> list[Path]:
    """Return the files of a module to apply, in their order: resource definitions are numbered first."""
    return sorted(path for path in _definitions(module(name)).iterdir() if path.name != "kustomization.yaml")


def pause() -> Path:
    """Build the one program that is ours, if it is missing."""
    target = CACHE / "bin" / "pause"
    if not target.exists():
        _check_machine()
        target.parent.mkdir(parents=True, exist_ok=True)
        _go(Path(__file__).with_name("pause"), "build", "-ldflags", "-s -w", "-o", str(target), "main.go")
    return target


def say(text: str) -> None:
    """Report progress on stderr; stdout is reserved for what a caller reads, such as a kubeconfig's path."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _check_machine() -> None:
    if shutil.which("go") is None:
        raise SystemExit("The cluster lab builds Kubernetes from source: install Go 1.26 or newer and put it on PATH.")
    CACHE.mkdir(parents=True, exist_ok=True)
    free_gb = shutil.disk_usage(CACHE).free / 1e9
    if free_gb < NEEDED_GB:
        raise SystemExit(f"{CACHE} has {free_gb:.0f} GB free; building the cluster lab needs {NEEDED_GB} GB.")


def _prepare(module: Module) -> None:
    """Make a small module that requires the real one, so that the real one's choice of versions applies."""
    folder = _folder(module)
    if (folder / "ready").exists():
        return
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _go(folder, "mod", "init", "canary-steps/lab")
    (folder / "programs.go").write_text(
        "//go:build programs\n\npackage programs\n\nimport (\n"
        + "".join(f'\t_ "{module.package(name)}"\n' for name in module.programs)
        + ")\n"
    )
    for name in _staged(module):
        _go(folder, "mod", "edit", f"-replace={name}={name}@{module.version.replace('v1.', 'v0.')}")
    _go(folder, "get", f"{module.path}@{module.version}")
    _go(folder, "mod", "tidy")
    if module.is_vendored:
        _go(folder, "mod", "vendor", "-e")
        archive_fixes.complete(module, folder / "vendor" / module.path)
    (folder / "ready").touch()
    say(f"  {module.name}: sources fetched in {time.monotonic() - started:.0f} s")


def _keep_definitions(module: Module) -> None:
    """Copy the custom resource definitions out of the module's source, so that a start needs no Go tool."""
    target = _definitions(module)
    if module.definitions and not target.exists():
        _check_machine()
        source = Path(_download(module)["Dir"])
        unfinished = target.with_suffix(".unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        for path in (path for pattern in module.definitions for path in source.glob(pattern)):
            (unfinished / path.name).write_bytes(path.read_bytes())
        unfinished.rename(target)


def _compile(module: Module, name: str) -> None:
    started = time.monotonic()
    target = binary(name, module)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    mode = "vendor" if module.is_vendored else "mod"
    flags = ("-trimpath", f"-mod={mode}", "-p", _CPUS, "-ldflags", f"-s -w {module.ldflags}")
    _go(_folder(module), "build", *flags, "-o", str(unfinished), module.package(name))
    unfinished.rename(target)
    say(f"  {module.name}: {name} built in {time.monotonic() - started:.0f} s")


def _staged(module: Module) -> list[str]:
    if not module.is_staged:
        return []
    described = json.loads(_go(_folder(module), "mod", "edit", "-json", _download(module)["GoMod"]))
    return [entry["Path"] for entry in described["Require"] if entry["Version"] == "v0.0.0"]


def _download(module: Module) -> dict[str, str]:
    answer: dict[str, str] = json.loads(_go(CACHE, "mod", "download", "-json", f"{module.path}@{module.version}"))
    return answer


def _definitions(module: Module) -> Path:
    chosen = crc32(" ".join(module.definitions).encode())
    return CACHE / "definitions" / f"{module.name}-{module.version}-{chosen:08x}"


def _folder(module: Module) -> Path:
    return CACHE / "modules" / f"{module.name}-{module.version}"


def _go(folder: Path, *arguments: str) -> str:
    """Run the Go tool in a folder, with the lowest priority."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOMAXPROCS": _CPUS, "GOWORK": "off", "GOFLAGS": ""}
    done = subprocess.run(
        ("nice", "-n", "19", "go", *arguments),
        cwd=folder,
        env=environment,
        check=False,
        text=True,
        capture_output=True,
    )
    if done.returncode:
        raise SystemExit(f"go {' '.join(arguments)} failed in {folder}:\n{done.stderr[-4000:]}")
    return done.stdout
