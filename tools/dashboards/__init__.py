"""Generator of dashboards/canary-steps.json: a table of panels, turned into what Grafana imports."""
