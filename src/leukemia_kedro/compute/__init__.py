"""Work in parallel, here or on a cluster; threads; whole files."""
