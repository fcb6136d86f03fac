"""Published results on Golub's patients, computed again from the raw files.

One module per family of studies, each with a pure function ``replicate`` from the cohort to rows
of the table published-beside-reproduced. Held-out errors are those of patients 39 to 72 under
models trained on patients 1 to 38; nothing is tuned on the former.
"""
