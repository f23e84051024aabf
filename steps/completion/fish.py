"""Completion in fish: one `complete` line for each step and each of its flags."""

from collections.abc import Iterator, Sequence

from steps.model.flags import Command, Flag, Takes

_HEAD = """\
# fish completion of canary-steps, written by `canary-steps completion fish`
function __canary_steps_at
    set -l typed (commandline -opc)
    if test (count $argv) -eq 0
        test (count $typed) -eq 1
    else
        test (count $typed) -ge 2; and test $typed[2] = $argv[1]
    end
end
function __canary_steps_first
    test (count (commandline -opc)) -eq 2; and __canary_steps_at $argv[1]
end
complete -c canary-steps -f
complete -c canary-steps -n __canary_steps_at -l version -d 'print the version'
complete -c canary-steps -l help -s h -d 'show the help'
"""


def fish_script(commands: Sequence[Command]) -> str:
    """Return the script for these commands."""
    return _HEAD + "\n".join(line for command in commands for line in _lines(command)) + "\n"


def _lines(command: Command) -> Iterator[str]:
    yield f"complete -c canary-steps -n __canary_steps_at -a {command.name} -d {_quoted(command.purpose)}"
    for flag in command.flags:
        start = f"complete -c canary-steps -n '__canary_steps_at {command.name}'"
        described = f"-d {_quoted(flag.description.partition('. ')[0].rstrip('.'))}"
        yield f"{start} -l {flag.name.removeprefix('--')} {_value(flag)}{described}"
        if flag.negation:
            yield f"{start} -l {flag.negation.removeprefix('--')} {described}"
    if command.bare is not None:
        yield f"complete -c canary-steps -n '__canary_steps_first {command.name}' {_bare(command.bare)}"


def _value(flag: Flag) -> str:
    match flag.takes:
        case Takes.NOTHING:
            return ""
        case Takes.CHOICE:
            return f"-x -a {_quoted(' '.join(flag.choices))} "
        case Takes.FILE:
            return "-r -F "
        case Takes.FOLDER:
            return "-x -a '(__fish_complete_directories)' "
        case _:
            return "-x "


def _bare(flag: Flag) -> str:
    return f"-a {_quoted(' '.join(flag.choices))}" if flag.choices else "-F"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
