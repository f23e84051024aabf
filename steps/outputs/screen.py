"""The one way to a terminal: nothing that a stranger wrote reaches it as a command or turns the direction of a line."""

from steps.model.printable import printable
from steps.outputs.streams import send


def show(text: str) -> None:
    """Write text to standard output, for people or for the next program.

    Raises:
        PermanentError: it cannot be written.
    """
    send(printable_lines(text))


def printable_lines(text: str) -> str:
    """Return text whose lines hold only what is printed: their ends stay, all else becomes a space."""
    return "\n".join(map(printable, text.split("\n")))
