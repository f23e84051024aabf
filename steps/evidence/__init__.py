"""Prometheus, read: raw counters become exact counts per scrape interval for both arms."""
