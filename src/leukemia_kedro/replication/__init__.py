"""Published results on Golub's and Chiaretti's patients, reproduced from the raw files.

One module per family of studies, with functions from Golub's patients to rows of the table that
shows published beside reproduced results. Errors of 34 are those of patients 39 to 72 under models
trained on patients 1 to 38; nothing is tuned on the 34.
"""
