"""Settings that make sense only together."""

from steps.errors import SettingsError


def require_both(first: tuple[str, str], second: tuple[str, str]) -> None:
    """Refuse two settings, each a flag and its value, of which only one is set.

    Raises:
        SettingsError: only one is set.
    """
    if bool(first[1]) != bool(second[1]):
        raise SettingsError("reading the settings", f"{first[0]} and {second[0]} go together: set both or none")
