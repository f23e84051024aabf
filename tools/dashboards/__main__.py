"""Write dashboards/canary-steps.json, and the tables of docs/metrics.md."""

from tools.dashboards import dashboard, page

dashboard.FILE.write_text(dashboard.text(), encoding="utf-8")
page.PAGE.write_text(page.text(), encoding="utf-8")
