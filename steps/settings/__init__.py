"""Settings: where a value comes from, what is allowed, and the error that names both.

A field of a settings class is at once a flag, an environment variable and a line of canary.yaml: `min_seconds` is
`--min-seconds`, `CANARY_MIN_SECONDS` and `min-seconds`. So nobody has to register a name, and a renamed field breaks
users. `loading` gathers the values (flag, variable, file, default), `complaints` writes the errors.

Fields that several steps share are in one class per subject (`release`, `judge`, `prometheus`, ...), and a step's
class inherits the subjects it needs. Fields of one step are in the step's own file. The description and the range of a
field are its documentation: `make docs` prints them into docs/settings.md and into the YAML for Argo and Tekton.

Only the steps and `wiring` import this package: all other code gets plain arguments, so that it can be tested and
read without knowing where a value came from.
"""
