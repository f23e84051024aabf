"""Completion in zsh: a function for `compdef`, which also works as a file in `fpath`."""

from collections.abc import Iterator, Sequence

from steps.model.flags import Command, Flag, Takes

_HEAD = """\
#compdef canary-steps
# zsh completion of canary-steps, written by `canary-steps completion zsh`
_canary_steps() {
  local -a steps
  steps=(
"""
_MIDDLE = """\
  )
  if (( CURRENT == 2 )); then
    _describe -t steps step steps
    return
  fi
  local step=$words[2]
  shift words
  (( CURRENT-- ))
  case $step in
"""
_TAIL = """\
  esac
}
if [[ $funcstack[1] == _canary* ]]; then _canary_steps "$@"; else compdef _canary_steps canary-steps; fi
"""


def zsh_script(commands: Sequence[Command]) -> str:
    """Return the script for these commands."""
    described = [f"    {_quoted(f'{command.name}:{command.purpose}')}" for command in commands]
    branches = [line for command in commands for line in _branch(command)]
    return f"{_HEAD}{chr(10).join(described)}\n{_MIDDLE}{chr(10).join(branches)}\n{_TAIL}"


def _branch(command: Command) -> Iterator[str]:
    specs = [_spec(name, flag) for flag in command.flags for name in (flag.name, flag.negation) if name]
    if command.bare is not None:
        specs.append(_quoted(f"1::{_escaped(command.bare.name.removeprefix('--'))}:{_action(command.bare)}"))
    yield f"    {command.name})"
    yield " \\\n        ".join(["      _arguments", *specs, "'--help[show the help]'"])
    yield "      ;;"


def _spec(name: str, flag: Flag) -> str:
    described = f"[{_escaped(_first_sentence(flag.description))}]"
    if flag.takes is Takes.NOTHING:
        return _quoted(f"{name}{described}")
    return _quoted(f"{name}={described}:{_escaped(flag.placeholder)}:{_action(flag)}")


def _action(flag: Flag) -> str:
    match flag.takes:
        case Takes.CHOICE:
            return f"({' '.join(flag.choices)})"
        case Takes.FILE:
            return "_files"
        case Takes.FOLDER:
            return "_files -/"
        case _:
            return ""


def _escaped(text: str) -> str:
    for mark in ("\\", "[", "]", ":"):
        text = text.replace(mark, f"\\{mark}")
    return text


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
