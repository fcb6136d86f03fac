"""Applying a model file to samples it has never seen: calls, doubts and reasons."""
