"""Pure statistics: strata in, judgement out. No I/O, no clock, no settings; the standard library only."""

from steps.judge.rules import PassRule, Rules
from steps.judge.verdict import judge

__all__ = ["PassRule", "Rules", "judge"]
