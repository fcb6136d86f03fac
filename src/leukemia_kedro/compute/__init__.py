"""Work in parallel, here or on a cluster; whole files; versions."""
