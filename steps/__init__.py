"""Automated canary analysis for Istio without an operator: the steps of a release, one sub-command each.

What this is
    A release moves users step by step from the stable Deployment to the canary: it sets a weight on a VirtualService,
    judges the canary from Prometheus, and promotes it or gives all weight back. No part of it keeps running in the
    cluster. Each sub-command is a process that does its part and ends, so any workflow engine, or a shell, can drive a
    release: `canary-steps prepare`, `set-weight`, `analyze`, `promote`, `rollback`; `rollout` does all of it.

    Because a process may die at any moment, all that a run knows is kept in the cluster, in a claim: annotations that
    say who may write, how far the run is, and when others may take over. Every write tests the claim, every step may be
    repeated, and `sweep` rolls back what a dead run left.

How the data flow
    steps/<step>.py     the story of a step, in its function `run`; its settings; its results
    wiring/             builds the collaborators below from the settings
    actions/            what several steps do: acquire the claim, watch a rung, retreat, roll back
    claim/              who may write: token, state, record, guarded writes
    traffic/            VirtualServices: routes and weights
    workload/           Deployments: preflight, canary, capacity, promotion
    evidence/           Prometheus: raw counters become exact counts per scrape for both arms
    probing/            health checks that are sent to pods of both arms
    judge/              counts become a verdict: pure statistics, without I/O or a clock
    outputs/            results, log lines, reports

    Data go down this list and come back as values; nothing imports what stands above it. model/ has the plain data that
    layers share, errors.py the errors with their exit codes, settings/ the flags, variables and canary.yaml, cluster/
    the Kubernetes API. tests/unit/test_layers.py holds all that.

Where to change what
    docs/architecture.md has a paragraph about each folder, the life of a claim, a glossary, and a table that leads from
    a change (a setting, a metric, a step, a registry, a chart, ...) to the files. In short:

    what a step does            steps/<step>.py, then actions/
    when the canary fails       judge/rules.py has the thresholds, judge/verdict.py the order of questions
    what a bad request is       evidence/definitions/
    what is checked beforehand  prepare.py, workload/preflight.py, evidence/preflight/, traffic/checks.py
    what is written, and how    claim/amend.py, claim/deployments.py
    what users read             outputs/ and judge/wording/
"""
