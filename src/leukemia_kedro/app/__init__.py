"""``kedro score``: a page on this machine alone that calls new samples."""
