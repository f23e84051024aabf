"""The Canary manifest of Flagger that init was given, if it was given one."""

from steps.manifests.flagger_manifest import FlaggerManifest
from steps.settings.flagger_manifest import read_manifest


def flagger_manifest(path: str, app: str) -> FlaggerManifest | None:
    """Return the manifest of a file; None for a canary.yaml.

    Raises:
        SettingsError: the file cannot be read, or the app is not in it.
    """
    found = read_manifest(path, app)
    if found is None or found.service is None:
        return None
    return FlaggerManifest(found, found.service)
