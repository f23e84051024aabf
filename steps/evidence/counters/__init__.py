"""From raw samples to exact increases: each event counts once, at the scrape that showed it first."""
