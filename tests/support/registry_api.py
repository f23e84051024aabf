"""A registry whose responses a test sets, and an image that is looked up there."""

from typing import Any

import pytest
import responses

from steps.errors import StepError
from steps.registry.access import RegistryAccess
from steps.registry.credentials import Credentials
from steps.registry.reference import parse
from steps.registry.registry import MANIFESTS, Registry

IMAGE = parse("registry.test/team/shop:v2")
URL = "https://registry.test/v2/team/shop/manifests/v2"
TOKENS = "https://registry.test/token"
DIGEST = f"sha256:{'a' * 64}"
HEADERS = {"Docker-Content-Digest": DIGEST}
ANN = Credentials("ann", "s3cret")
BEARER = {"WWW-Authenticate": f'Bearer realm="{TOKENS}",service="registry.test",scope="repository:team/shop:pull"'}


class Clock:
    """Records the pauses instead of waiting."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Pause."""
        self.pauses.append(seconds)


def asked(access: RegistryAccess | None = None, pause: Clock | None = None) -> str:
    """Resolve the image; by default with one attempt."""
    return Registry(access or RegistryAccess(deadline_seconds=0), pause or Clock()).digest(IMAGE)


def refused(access: RegistryAccess | None = None) -> StepError:
    """Return the error of a resolution, which must not contain a secret."""
    with pytest.raises(StepError) as caught:
        asked(access)
    shown = repr((caught.value, caught.value.__cause__, caught.value.__context__))
    assert "s3cret" not in shown
    assert "t0ken" not in shown
    return caught.value


def head(**options: Any) -> None:
    """Set the response to HEAD."""
    responses.head(URL, **{"content_type": MANIFESTS[0], **options})


def get(**options: Any) -> None:
    """Set the response to GET."""
    responses.get(URL, **{"content_type": MANIFESTS[0], **options})
