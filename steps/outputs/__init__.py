"""Everything that leaves a step: result files, log lines on stderr, reports, and messages to a webhook.

Results are for workflow engines: small values, one file each, all together below 1 kB, since Tekton carries them in a
termination message. Every declared result is written however the step ends, because engines fail on a missing file.
Logs are for people and log stores, one line per event, and never on stdout, which is kept for reports. Reports are for
people: text, JSON, or one HTML page without scripts, which viewers show in a sandbox.

Where a failure here could change how a release ends, it only logs a warning (progress); a file that somebody asked for
by a setting ends the step with exit code 4 and the name of the flag (`files.save`).

This package formats and writes what it is given. It knows neither the cluster nor Prometheus.
"""
