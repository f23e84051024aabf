"""The judge: evidence and rules in, one judgement out.

What comes in: `Evidence` (counts of requests and bad requests, one stratum per scrape interval, for both arms),
`Health` (the canary's pods), probe outcomes, and `Rules` (every threshold). What goes out: a `Judgement` with a
verdict, one sentence for people, and all numbers behind it. The judge is pure: no I/O, no clock, no settings, only the
standard library. Every call starts again from the canary's first request, so a step that was killed judges the same way
again.

`verdict.judge` asks three questions in this order; the first answer counts.

1. Does it fail? `fail_reasons`: pods that failed (`checks/pod_health`), a canary that is worse than stable
   (`comparison/`), an objective that it misses while stable meets it (`checks/guard`), at weight 100 a canary that is
   worse than its reference (`checks/full_weight`), probes that only the canary fails (`checks/probe_verdict`).
2. Does something block a pass? `blockers`: disrupted pods, then what is wrong (no data, no traffic, both arms above an
   objective), then what is suspect (evidence short of an alarm, a large difference), then what is missing (requests,
   time, power).
3. What does the pass claim? `pass_reasons`: no harm, proven, better, or the rules at weight 100.

Each room has one subject, and imports only from rooms further down in this list.

    second_trial    what follows an alarm: condemn, or fresh pods; by which rules, and on which rungs
    shared_cause    whether stable shares the cause of an alarm: its next scrapes say so
    fail_reasons, blockers, pass_reasons    the three questions; `judgement_builder` makes the full answer
    case            one judgement's filtered evidence, and the numbers that more than one question needs
    power/          what would have been caught, and what will be by the deadline
    checks/         rules without a comparison: objectives, weight 100, pods, probes, sample size, sample ratio;
                    `promotion` turns the evidence after a promotion into that of weight 100
    comparison/     canary against stable: a result for each metric, all of them combined into one alarm
    filters/        which requests count, and for whom: disruptions, warm-up, unattributed failures
    wording/        the sentences: fails, doubts, waits, passes, notes; `phrases` has numbers, times and counts
    statistics/     e-process, overdispersion, bursts, exact tests; functions of counts alone
    rules           every threshold with its unit, default and reason

The comparison is a chain. `likelihood_ratio` turns one stratum into log factors; `evidence_cap` divides them by phi
(`overdispersion`) and cuts them; `bursts` limits what one event may add; `e_process` multiplies over time;
`metric_result` averages the series of a metric; `combined` adds up the metrics and finds the alarm at 1/alpha.

Where to change what:

    a threshold                       rules.py, and `settings/` if it has a flag
    when one scrape may decide        statistics/evidence_cap.py
    what stable's pods teach          statistics/histories.py picks the tracker: pods_apart (gateways count the arms) or
                                      history_tracker; pod_habits (what lasts), bursts (what passes)
    when an outage is shared          statistics/shared_outages.py
    what harm is worth acting on      comparison/harm.py
    what counts as an incident        statistics/incidents.py (plain counts), statistics/bursts.py (evidence)
    a new reason to fail or to wait   fail_reasons.py or blockers.py, its sentence in wording/, its code in
                                      `model/judgement.py`
    a new kind of metric              `wording/phrases.py` names all the places
    a sentence                        wording/ (a few stand beside their rule: filters/, checks/, limiting_factor)
    the minimum for a pass            checks/sample_size.py, power/required_power.py; on the last weight also
                                      checks/before_promotion.py

The benchmark (`python -m tests.bench`) shows false alarms and detection times of any change to the numbers.
"""

from steps.judge.rules import PassRule, Rules
from steps.judge.verdict import judge

__all__ = ["PassRule", "Rules", "judge"]
