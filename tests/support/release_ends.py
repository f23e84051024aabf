"""How a release of the stepped cluster ends: with what users have, and nothing of the run left."""

from __future__ import annotations

RESTORED = {
    "weights": {(100, 0)}, "stable": "shop:1", "stable pods": 2, "canary pods": 0, "baseline pods": 0, "tokens": {""},
}  # fmt: skip
PROMOTED = {**RESTORED, "stable": "shop:2"}
