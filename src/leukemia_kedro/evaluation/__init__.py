"""Honest estimates of accuracy: resampling plan, per-fold rankings, nested cross-validation."""
