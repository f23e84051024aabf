"""One read-only look around an app: what is there, which two arms its routes split between, and what is in the way.

`doctor` prints all of it; the other steps use the names alone, where no setting, claim or convention has them. Nothing
here writes.

    objects         what the API server lists around an app; what may not be read is remembered, not an error
    behind          which Deployments stand behind a destination of a route: Service selector and subset labels
    splits          the routes of VirtualServices as pairs of destinations (pure)
    inference       app → VirtualServices → the pair → Services and subsets → Deployments → roles and topology (pure)
    problem         what doctor prints: a sentence and the lines that remedy it
    flags           the flags that name the arms, for such lines
    checks/         one file for each kind of problem
"""
