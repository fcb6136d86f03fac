"""Around a run: what is checked before it, what happens meanwhile, what is recorded of it."""
