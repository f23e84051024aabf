"""The text of doctor: remedies stand alone on their lines, so that they can be copied."""

from __future__ import annotations

from typing import Any

from steps.outputs.doctor_report import doctor_text

ARM = {
    "deployment": "shop", "exists": True, "destination": "shop", "replicas": 2, "ready": 2, "image": "demo/shop:v1",
}  # fmt: skip
HERE = "kubectl apply -f - <<'EOF'\n{}\nEOF"
REPORT: dict[str, Any] = {
    "version": 1,
    "app": "shop",
    "namespace": "demo",
    "topology": "stable-named",
    "names_from": "convention",
    "because": ["VirtualService demo/shop has the conventional arms"],
    "stable": ARM,
    "canary": {**ARM, "deployment": "shop-canary", "exists": False},
    "virtual_services": [
        {"name": "demo/shop", "exists": True, "routes": [{"name": "#0", "weight": 0}]},
        {"name": "demo/gone", "exists": False, "routes": []},
    ],
    "claim": {"run": "one", "phase": "walking", "weight": 5, "by": "ann"},
    "last_release": None,
    "problems": [
        {"code": "other-route", "about": "VirtualService demo/shop", "text": "word " * 40, "remedies": [HERE, "--flag"],
         "gravity": "warns"},
    ],
    "prometheus": {"url": "http://p:9090", "state": "it has series of stable", "notes": ["a note"]},
    "ladder": [{"weight": 5, "seconds": 30.0, "requests": 56, "detectable": 0.1, "sentence": "much"}],
    "unread": ["sidecars in demo"],
    "unread_remedies": ["kubectl create role x"],
    "outcome": "ready",
    "exit_code": 0,
    "summary": "A release of shop may start.",
}  # fmt: skip


def test_all_parts_are_shown_and_remedies_can_be_copied() -> None:
    """A here-document ends with EOF at the beginning of a line."""
    lines = doctor_text(REPORT).splitlines()
    assert [] == [line for line in HERE.splitlines() if line not in lines]
    assert {"--flag", "kubectl create role x", "A release of shop may start."} <= set(lines)
    text = "\n".join(lines)
    shown = ("Deployment shop-canary (does not exist)", "demo/gone, does not exist", "run one, walking", "a note")
    assert [] == [one for one in shown if one not in text]
    assert "in 30 s on each rung" in text


def test_a_clean_report_is_short() -> None:
    """Without problems, claims and gaps."""
    clean = {**REPORT, "problems": [], "unread": [], "claim": None, "ladder": []}
    text = doctor_text(clean)
    assert "No problems" in text
    assert [] == [word for word in ("Remedy", "Not read", "claim", "rung") if word in text]
