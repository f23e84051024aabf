"""Denials by quotas and admission: the API server answers them as it answers a missing permission, by 403 (pure)."""

import re
from typing import Final

_QUOTA: Final = re.compile(
    r"exceeded quota: (?P<name>\S+), requested: (?P<requested>.+), used: (?P<used>.+), limited: (?P<limited>.+?)\.?$"
)
_WITHOUT_LIMITS: Final = re.compile(r"failed quota: (?P<name>[^:]+): (?P<why>.+)")
_WEBHOOK: Final = re.compile(
    r'admission webhook "(?P<name>[^"]+)" denied the request(?: without explanation)?:? ?(?P<why>.*)', re.DOTALL
)
_POLICY: Final = re.compile(
    r"ValidatingAdmissionPolicy '(?P<name>[^']+)' with binding '[^']+' denied request:? ?(?P<why>.*)", re.DOTALL
)
_POD_SECURITY: Final = re.compile(r'violates PodSecurity "(?P<name>[^"]+)":? ?(?P<why>.*)', re.DOTALL)


def denial(message: str) -> str:
    """Return what denies a write and what helps, "" where the message names neither a quota nor an admission policy.

    Args:
        message: of the API server's answer.
    """
    if found := _QUOTA.search(message):
        return (
            f"ResourceQuota {found['name']} is exhausted: {found['requested']} requested, {found['used']} used,"
            f" {found['limited']} allowed. Raise it, or free something in this namespace."
        )
    if found := _WITHOUT_LIMITS.search(message):
        return f"ResourceQuota {found['name']} refuses it: {found['why']}. Set that in the template."
    for kind, pattern in (
        ("admission webhook", _WEBHOOK),
        ("ValidatingAdmissionPolicy", _POLICY),
        ("the Pod Security level", _POD_SECURITY),
    ):
        if found := pattern.search(message):
            why = found["why"].strip().rstrip(".") or "it gives no reason"
            return f"{kind} {found['name']} denies it: {why}. Satisfy that policy, or have it exempt this object."
    return ""
