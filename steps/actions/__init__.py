"""What steps do to a release: each file is one action, and combines rooms that do not know each other.

A step's `run` calls actions in the order of its story. An action gets its collaborators (`Traffic`, `Workload`, the
evidence reader) and plain values, never settings. The state of a run is in its claim, so an action takes a `Claim` and
returns the one that it wrote last. Every action is safe to repeat after a kill.

Before users move
    permissions.py, probe_preflight.py    what the account may do, and whether stable passes the probes
    find_work.py        waits until no other run is in the way, and finds out whether there is anything to release
    acquire.py          takes the claim; recovery.py takes over what a dead or superseded run left
    launch_canary.py    creates the canary, waits for it, pins it

A rung
    judge_rung.py       sets the weight, watches, applies the verdict
    shift.py, ladder.py, observed_weight.py    the weight, which one may come next, whether the traffic follows
    watch.py            polls until the judge decides; watch_report.py writes what each look saw
    polling.py, control_group.py    when to look next; the baseline in place of stable
    weight_pause.py     keeps users off a canary whose pods the cluster took away; lost_objects.py, off one whose
                        objects somebody removed
    second_trial.py     an alarm that only returns the users: fresh pods, and up again from the lowest rung
    apply_verdict.py    keeps the verdict, and on a fail retreats (retreat.py): all weight to stable at once

The end
    promote_run.py      promotion_gate.py (was the last rung passed?), then stable's template, then finish_promotion.py
    swap.py             in a swap instead: all users to the canary, the old arm stands by and is scaled down
    roll_back.py        weight 0, stable's template, the canary down or as people had it, the claim released
    promoted_run.py, undo_promotion.py    later: users back to the version before a promotion, as a rollback of it
    finish_killed.py, sweep_run.py    ends of runs whose process died
    ease_back.py        the way back of a canary that harms nobody: as fast as stable can take its users
    teardown.py         the drain before a side stops: departure.py (have its requests left?), still_used.py (does a
                        route lead to it?)
    verdicts.py         the summary for the record

heartbeat.py keeps the claim alive during every wait, and phases.py refuses runs that are past a step.
"""
