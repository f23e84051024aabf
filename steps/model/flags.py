"""A command line as plain data: the commands, their flags, and what each flag takes; for the help and for shells."""

from dataclasses import dataclass
from enum import StrEnum


class Takes(StrEnum):
    """What follows a flag."""

    VALUE = "value"
    CHOICE = "choice"
    FILE = "file"
    FOLDER = "folder"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a command.

    Args:
        name: as it is typed, `--min-seconds`.
        takes: what follows it; NOTHING for a switch, which also exists as `--no-...`.
        placeholder: stands for its value in the help, `SECONDS`; "" for a switch.
        choices: all values it takes, () where they cannot be listed.
        description: sentences about its meaning.
        subject: the group in which the help shows it.
        default: text of its value where nobody sets it, "" for none.
        is_required: whether the command fails without it.
    """

    name: str
    takes: Takes = Takes.VALUE
    placeholder: str = ""
    choices: tuple[str, ...] = ()
    description: str = ""
    subject: str = ""
    default: str = ""
    is_required: bool = False

    @property
    def negation(self) -> str:
        """The flag that turns a switch off: `--no-hold`; "" for a flag with a value."""
        return f"--no-{self.name.removeprefix('--')}" if self.takes is Takes.NOTHING else ""


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command.

    Args:
        name: as it is typed.
        purpose: what it does, in a few words.
        flags: its flags.
        bare: the flag whose name may be left out before the first argument, None for no such flag.
    """

    name: str
    purpose: str
    flags: tuple[Flag, ...]
    bare: Flag | None = None
