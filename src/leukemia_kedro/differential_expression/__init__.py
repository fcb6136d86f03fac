"""Genes and gene sets that differ between classes."""
