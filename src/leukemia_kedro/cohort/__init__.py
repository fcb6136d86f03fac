"""The cohort: its type, what it must be, which samples are held out."""
