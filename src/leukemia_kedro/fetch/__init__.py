"""``kedro fetch``: public cohorts, verified."""
