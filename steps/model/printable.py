"""Text of strangers as people may see it: nothing in it commands a terminal or reorders a line."""


def printable(text: str) -> str:
    """Return the text with a space in place of each character that is not printed.

    These are line ends, control characters, escape sequences, half characters, and marks that turn the direction of
    writing.
    """
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)
