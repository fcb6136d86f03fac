"""Statistics for all genes at once, in NumPy and SciPy: usable without Kedro."""
