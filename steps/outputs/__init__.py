"""What leaves a step: result files, log lines, reports."""
