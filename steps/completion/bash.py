"""Completion in bash, also in the old one of macOS (3.2).

Bash splits words at "=", so `--pass-rule=pro` arrives as three words; where COMP_WORDBREAKS lacks "=", as one. Both,
and `--pass-rule pro`, end in the same variables: the flag, and the part of its value that was typed.
"""

from collections.abc import Iterator, Sequence

from steps.model.flags import Command, Flag, Takes

_HEAD = r"""# bash completion of canary-steps, written by `canary-steps completion bash`
_canary_steps() {
  local cur=${COMP_WORDS[COMP_CWORD]} flag="" before="" step=${COMP_WORDS[1]} words="" line=$'\n' IFS=$'\n'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${_canary_steps_names// /$line}" -- "$cur"))
    return
  fi
  if [[ $cur == "=" ]]; then
    flag=${COMP_WORDS[COMP_CWORD-1]}= cur=""
  elif [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
    flag=${COMP_WORDS[COMP_CWORD-2]}=
  elif [[ $cur == --*=* ]]; then
    flag=${cur%%=*}= before=${cur%%=*}= cur=${cur#*=}
  else
    flag=${COMP_WORDS[COMP_CWORD-1]}
  fi
"""
_TAIL = r"""
  COMPREPLY=($(compgen -P "$before" -W "${words// /$line}" -- "$cur"))
}
_canary_steps_paths() {
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -P "$before" "$1" -- "$cur"))
}
complete -F _canary_steps canary-steps
"""


def bash_script(commands: Sequence[Command]) -> str:
    """Return the script for these commands."""
    names = " ".join([*(command.name for command in commands), "--help", "--version"])
    lines = [f'_canary_steps_names="{names}"', _HEAD.rstrip(), '  case "$step ${flag%=}" in']
    for command in commands:
        lines += _values(command)
    lines += ["    *)", '      if [[ $flag == --*= ]]; then words="true false"']
    lines += ['      else case "$step" in']
    lines += [f'        {command.name}) words="{_flags(command)}" ;;' for command in commands]
    lines += ["      esac; fi ;;", "  esac", _TAIL.strip("\n"), ""]
    return "\n".join(lines)


def _values(command: Command) -> Iterator[str]:
    """Yield the branches for what follows a flag; nothing is offered for free text."""
    for flag in command.flags:
        if flag.takes is not Takes.NOTHING:
            yield f'    "{command.name} {flag.name}") {_offer(flag)} ;;'
    if command.bare is not None:
        yield f'    "{command.name} {command.name}") {_offer(command.bare, _flags(command))} ;;'


def _offer(flag: Flag, others: str = "") -> str:
    match flag.takes:
        case Takes.CHOICE:
            return f'words="{" ".join([*flag.choices, others]).rstrip()}"'
        case Takes.FILE | Takes.FOLDER:
            paths = f"_canary_steps_paths {'-f' if flag.takes is Takes.FILE else '-d'}; return"
            return f'if [[ $cur == -* ]]; then words="{others}"; else {paths}; fi' if others else paths
        case _:
            return "return"


def _flags(command: Command) -> str:
    every = [name for flag in command.flags for name in (flag.name, flag.negation) if name]
    return " ".join([*every, "--help"])
