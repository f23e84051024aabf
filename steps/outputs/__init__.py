"""Everything that leaves a step: result files, log lines on stderr, reports, and messages to a webhook.

Results are for workflow engines: small values, one file each, all together below 1 kB, since Tekton carries them in a
termination message. Every declared result is written however the step ends, because engines fail on a missing file.
Logs are for people and log stores, one line per event, and never on stdout, which is kept for reports. Reports are for
people: text, JSON, or one HTML page without scripts, which viewers show in a sandbox.

What cannot be written never changes how a release ends, and never keeps users waiting. A log event with `lost` in its
name names the file, the cause and the flag to change. A step ends with exit code 4 if it only writes (report, replay),
or if the next step needs its results (`Step.ends_release`). Log lines that cannot be written are left out.

This package formats and writes what it is given. It knows neither the cluster nor Prometheus.
"""
