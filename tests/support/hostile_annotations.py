"""What somebody who may annotate an object can write in place of a state, a token or a record."""

from __future__ import annotations

import json
from typing import Any

HOSTILE_TEXTS = {
    "empty": "",
    "not JSON": "}{",
    "null": "null",
    "a list": "[]",
    "a number": "1",
    "deep": "[" * 100_000,
    "deep and closed": "[" * 5000 + "]" * 5000,
    "deep objects": '{"version":1,"a":' * 3000,
    "deep in a string's end": '{"version":1,"x":"\\"' + "[" * 3000,
    "another version": '{"version": 9}',
    "version as a boolean": '{"version": true}',
    "huge": '{"version":1,"x":"' + "y" * 2_000_000 + '"}',
    "a number of many digits": "9" * 5000,
}
"""Texts that are neither a state nor a record."""

_LONG = "9" * 400
_STATE_FIELDS: dict[str, list[str]] = {
    "started": ["-1", "1e30", "NaN", "Infinity", "true", '"1"', "null", _LONG, "[1]"],
    "expires": ["NaN", "-Infinity", "1e400", _LONG, "false", '"soon"', "null", "{}"],
    "expiry_seconds": ["0", "-600", "NaN", "Infinity", "true", "null", _LONG],
    "weights": ["5", "[5]", "[[1,101]]", "[[1,-1]]", "[[1,true]]", "[[1,5.5]]", "[[1,Infinity]]", "[[NaN,5]]", "[[1]]"],
    "targets": ["{}", "[]", '{"shop":[]}', '{"a/b/c":[]}', '{"/shop":[]}', '{"..//x":[]}', '{"SHOP/shop":[]}', "7"],
    "stable": ["{}", '{"host":""}', '{"host":7}', '{"host":"a b"}', '{"host":"a\\n"}', '"shop"', "null"],
    "canary": ["{}", '{"host":"' + "h" * 300 + '"}', '{"host":"x","subset":7}'],
    "workloads": [
        "{}",
        "7",
        '{"namespace":"a/b","stable":"s","canary":"c"}',
        '{"namespace":"a","stable":"../s","canary":"c"}',
        '{"namespace":"a","stable":"s","canary":""}',
        '{"namespace":"a","stable":"s","canary":"c","stable_replicas":-1}',
        '{"namespace":"a","stable":"s","canary":"c","stable_replicas":1e9}',
        '{"namespace":"a","stable":"s","canary":"c","canary_replicas":true}',
        '{"namespace":"a","stable":"s","canary":"c","created_canary":"yes"}',
        '{"namespace":"a","stable":"s","canary":"c","kept":[]}',
        '{"namespace":"a","stable":"s","canary":"c","promoting_since":NaN}',
    ],
    "pin": ["{}", "[]", '{"replica_set":"a/b","template_hash":"x","digests":{}}', '{"replica_set":"a"}'],
    "latency_bounds": ["[[1,2]]", '[["p99",NaN]]', '[["p99",true]]', '[["p99",-1]]'],
    "small_bound": ["true", "Infinity", '"7"', "-1"],
    "disruptions": ["[[1,2]]", '[[NaN,2,"x"]]', "[[1,2,3]]"],
    "ladder": ["[101]", "[true]", "[1.5]", "5", '"5,25"'],
    "verdicts": ["5", "[5]", "[[5]]", '[[5,"pass"]]', '[["x","pass",1]]', '[[5,"pass",NaN]]', '[[true,"pass",1]]'],
    "trials": [
        "5",
        "[5]",
        "[[1,5]]",
        '[[NaN,5,"worse","x"]]',
        '[[1,101,"worse","x"]]',
        '[[1,5,7,"x"]]',
        '[[1,5,"worse","x","errors",-1]]',
        '[[1,5,"worse","x","errors",1,1,"no"]]',
        '[[1,5,"worse","' + "x" * 1300 + '"]]',
        json.dumps([[1.0, 5, "worse", "x"]] * 21),
    ],
    "paused_weight": ["101", "true", "-1", "2.5"],
    "adopted": ["101", "true", '"5"'],
    "bake_since": ["NaN", "true", "-1"],
    "reason": ["7", "[]", "null", '"\\ud800"'],
    "by": ["true", '"\\udfff"'],
    "app": ["7", '""', '"a b"', '"\\u001b[2J"'],
}


def hostile_states(text: str) -> dict[str, str]:
    """Return texts in place of a valid state's, each with one thing that no state has; by what that is."""
    body = json.loads(text)
    found = dict(HOSTILE_TEXTS)
    for name, values in _STATE_FIELDS.items():
        rest = json.dumps({key: value for key, value in body.items() if key != name})[:-1]
        found |= {f"{name}: {value[:60]}": f'{rest},"{name}":{value}}}' for value in values}
    for name in ("app", "started", "expires", "expiry_seconds", "targets", "stable", "canary"):
        found[f"without {name}"] = json.dumps({key: value for key, value in body.items() if key != name})
        found[f"{name} twice"] = f"{text[:-1]},{json.dumps(name)}:{json.dumps(body[name])}}}"
    return found


RECORD: dict[str, Any] = {
    "version": 1,
    "run": "r0",
    "epoch": 1,
    "outcome": "promoted",
    "reason": "all rungs passed",
    "started": 1_769_851_800.0,
    "ended": 1_769_852_400.0,
}
_RECORD_FIELDS: dict[str, list[str]] = {
    "run": ["7", "null", "[]", '"\\ud800"'],
    "epoch": ["0", "-1", "true", "1.5", "1e30", "Infinity", _LONG, '"1"', "null", "9007199254740993"],
    "outcome": ["7", "{}"],
    "reason": ["7", "null", '"\\udc00"'],
    "started": ["NaN", "1e30", "-1", "true", _LONG, '"noon"'],
    "ended": ["Infinity", "-Infinity", "1e400", "false", "null"],
    "weights": ["7", "[7]", "[[1,Infinity]]", "[[1,101]]", "[[NaN,5]]", '{"a":1}'],
    "images": ["[]", '"x"', '{"app":7}'],
    "by": ["7"],
}


def hostile_records() -> dict[str, str]:
    """Return texts in place of a record, each with one thing that no record has; by what that is."""
    found = dict(HOSTILE_TEXTS)
    for name, values in _RECORD_FIELDS.items():
        rest = json.dumps({key: value for key, value in RECORD.items() if key != name})[:-1]
        found |= {f"{name}: {value[:60]}": f'{rest},"{name}":{value}}}' for value in values}
    return found


HOSTILE_TOKENS = (
    "",
    "mine",
    "r1:1:flying",
    "r1:0:walking",
    "r1:1_0:walking",
    f"r1:{'9' * 400}:walking",
    "\033[2J:1:walking",
    "a/../b:1:walking",
    "x" * 100_000,
)
"""Texts that are not a token."""
