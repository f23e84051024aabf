"""The families of the field: every kind at each of its loads and with each reporter."""

from tests.bench.simulation import event_kinds, pod_kinds
from tests.bench.simulation.kinds import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*pod_kinds.KINDS, *event_kinds.KINDS)}
FIELD = {family.name: family for kind in KINDS.values() for family in kind.families()}
