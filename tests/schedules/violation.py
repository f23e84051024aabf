"""A broken promise."""


class Violation(AssertionError):  # noqa: N818 - the word of those who read its account
    """A schedule broke a promise; the text says which, who did what, and how to repeat it."""
