"""Classify leukemias from gene expression and find the genes that differ between them."""

__version__ = "0.1.0"
