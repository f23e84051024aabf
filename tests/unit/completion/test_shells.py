"""The scripts complete steps, flags and choices in the real shells, those that are installed here."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from steps.__main__ import STEPS, find, main
from steps.completion import SHELLS

_BASH = """
source {script}
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_canary_steps
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
BASH, FISH, ZSH = (shutil.which(name) for name in ("bash", "fish", "zsh"))

# What is typed, as bash splits it, and what is offered: exactly, as several shells agree on it.
EXACT = [
    (("ro",), {"rollback", "rollout"}),
    (("rollout", "--pass-r"), {"--pass-rule"}),
    (("rollout", "--pass-rule", ""), {"no-harm", "proven"}),
    (("rollout", "--app", "shop", "--pass-rule", "p"), {"proven"}),
    (("rollout", "--log-format", "j"), {"json"}),
    (("analyze", "--no-ho"), {"--no-hold"}),
    (("analyze", "--hold", "--max"), {"--max-restarts"}),
    (("rollout", "--app", ""), set()),
    (("list", "--format", ""), {"table", "json"}),
    (("report", "--format", ""), {"text", "json", "openmetrics"}),
    (("rollout", "--config", "can"), {"canary.yaml", "candles/"}),
    (("rollout", "--report-dir", "can"), {"candles/"}),
    (("render", "t"), {"tekton"}),
    (("replay", "can"), {"canary.yaml", "candles/"}),
    (("completion", ""), set(SHELLS)),
]
exact = pytest.mark.parametrize(("words", "offered"), EXACT, ids=[" ".join(words) for words, _ in EXACT])


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a folder with the scripts of all shells, a file and a folder to complete."""
    for shell in SHELLS:
        assert 0 == main(["completion", shell])
        (tmp_path / f"script.{shell}").write_text(capsys.readouterr().out)
    (tmp_path / "here" / "candles").mkdir(parents=True)
    (tmp_path / "here" / "canary.yaml").touch()
    return tmp_path


def bash(folder: Path, *words: str) -> set[str]:
    """Return what bash offers for the last of the words."""
    assert BASH is not None
    quoted = " ".join(map(shlex.quote, ("canary-steps", *words)))
    code = _BASH.format(script=folder / "script.bash", words=quoted)
    ended = subprocess.run(
        [BASH, "--norc", "--noprofile", "-c", code], cwd=folder / "here", text=True, capture_output=True, check=True
    )
    # compopt, which adds the slash to folders, fails outside a completion; its message is suppressed.
    assert "" == ended.stderr
    return {f"{one}/" if (folder / "here" / one).is_dir() else one for one in ended.stdout.splitlines() if one}


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@exact
def test_bash(folder: Path, words: tuple[str, ...], offered: set[str]) -> None:
    """With real words, in a real bash."""
    expected = {"bash", "zsh", "fish", "--help"} if words == ("completion", "") else offered
    assert expected == bash(folder, *words)


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("rollout", "--pass-rule", "="), {"no-harm", "proven"}),
        (("rollout", "--pass-rule", "=", "p"), {"proven"}),
        (("rollout", "--pass-rule=p"), {"--pass-rule=proven"}),
        (("analyze", "--hold", "=", ""), {"true", "false"}),
        (("rollout", "--config", "=", "canary"), {"canary.yaml"}),
        (("nosuch", "--a"), set()),
    ],
)
def test_bash_splits_words_at_an_equals_sign(folder: Path, words: tuple[str, ...], offered: set[str]) -> None:
    """In its own way, which the script undoes."""
    assert offered == bash(folder, *words)


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize("step", STEPS)
def test_bash_offers_every_step_and_each_of_its_flags(folder: Path, step: str) -> None:
    """Nothing is left out, whatever a step's flags are."""
    assert step in bash(folder, "")
    fields = find(step).settings.model_fields
    assert {f"--{name.replace('_', '-')}" for name in fields} <= bash(folder, step, "--")


@pytest.mark.skipif(FISH is None, reason="fish is not installed")
@exact
def test_fish(folder: Path, words: tuple[str, ...], offered: set[str]) -> None:
    """By its own `complete -C`."""
    assert FISH is not None
    line = " ".join(("canary-steps", *words))
    code = f"source {folder / 'script.fish'}; complete -C {shlex.quote(line)}"
    environment = {**os.environ, "HOME": str(folder)}
    ended = subprocess.run(
        [FISH, "--no-config", "-c", code], cwd=folder / "here", env=environment, text=True, capture_output=True,
        check=True,
    )  # fmt: skip
    assert offered == {one.partition("\t")[0] for one in ended.stdout.splitlines()}


@pytest.mark.skipif(ZSH is None, reason="zsh is not installed")
def test_zsh(folder: Path) -> None:
    """In a terminal, as zsh completes nowhere else."""
    assert ZSH is not None
    (folder / ".zshrc").write_text(
        f"PS1='> '; autoload -Uz compinit; compinit -u -D; source {folder / 'script.zsh'}; echo rea''dy\n"
    )
    process, terminal = pty.fork()
    if process == 0:
        os.execve(ZSH, ["zsh", "-i"], {**os.environ, "ZDOTDIR": str(folder), "TERM": "dumb"})  # noqa: S606
    try:
        assert "ready" in typed(terminal, "", "ready")
        for line, expected in {
            "rollou\t": "canary-steps rollout",
            "rollout --pass-rule=pro\t": "--pass-rule=proven",
            "rollout --pass-rule no\t": "--pass-rule no-harm",
            "rollout --max-res\t": "--max-restarts",
            "render t\t": "render tekton",
            "completion ba\t": "completion bash",
        }.items():
            assert expected in typed(terminal, f"canary-steps {line}", expected)
            typed(terminal, "\x15\n", "> ")
    finally:
        os.write(terminal, b"\x15exit\n")
        os.waitpid(process, 0)
        os.close(terminal)


def typed(terminal: int, keys: str, until: str) -> str:
    """Type keys and return what the terminal shows then, at the latest after 20 s."""
    os.write(terminal, keys.encode())
    shown, deadline = "", time.monotonic() + 20
    while time.monotonic() < deadline and until not in shown:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(terminal, 65536).decode(errors="replace"))
    return shown


@pytest.mark.parametrize("arguments", [[], ["csh"], ["bash", "zsh"], ["--shell=bash"]])
def test_an_unknown_shell_is_a_bad_setting(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the shells there are; nothing is printed that a shell would load."""
    assert 2 == main(["completion", *arguments])
    captured = capsys.readouterr()
    assert ("", True) == (captured.out, "the shells are bash, zsh, fish" in captured.err)


def test_its_help_says_where_the_script_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    """For each shell; and the program's help knows the command."""
    assert 0 == main(["completion", "--help"])
    shown = capsys.readouterr().out
    assert [] == [shell for shell in SHELLS if f"canary-steps completion {shell}" not in shown]
    assert 0 == main([])
    assert "\n  completion " in capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_all_that_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A log line would stand in each new shell."""
    assert 0 == main(["completion", shell])
    assert "" == capsys.readouterr().err
