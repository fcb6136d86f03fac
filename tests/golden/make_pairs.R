# Makes the tables under tests/golden/pairs: the top-scoring pairs of Geman et al. (2004) and Tan
# et al. (2005), by an independent slow implementation of the papers' formulas in base R. It counts
# every ordered pair, in whole numbers, sorts them all, and takes one after the other. Takes about
# five minutes:
#
#   Rscript tests/golden/make_pairs.R tests/golden/pairs data/01_raw/golub data/01_raw/mll/MLL.csv

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 3) stop("usage: Rscript make_pairs.R FOLDER GOLUB_FOLDER MLL_FILE")

WORTH_SORTING <- 0.85

# x: genes x samples as measured. The pairs of each two classes, best first.
top_pairs <- function(x, label, n_pairs) {
  classes <- sort(unique(label))
  of_class <- lapply(classes, function(name) x[, label == name])
  n <- sapply(of_class, ncol)
  ranks <- apply(x, 2, rank)
  rank_sums <- sapply(classes, function(name) rowSums(2 * ranks[, label == name]))
  contests <- combn(length(classes), 2, simplify = FALSE)
  found <- lapply(contests, function(contest) list())
  for (i in seq_len(nrow(x))) {
    less <- mapply(function(values, m) rowSums(rep(values[i, ], each = nrow(x)) < values),
                   of_class, n)
    for (c in seq_along(contests)) {
      a <- contests[[c]][1]; b <- contests[[c]][2]
      delta <- less[, a] * n[b] - less[, b] * n[a]
      shift <- rank_sums[, a] * n[b] - rank_sums[, b] * n[a]
      j <- which(abs(delta) >= WORTH_SORTING * n[a] * n[b])
      if (length(j)) {
        found[[c]][[length(found[[c]]) + 1]] <-
          data.frame(i = i, j = j, delta = delta[j], gamma = abs(shift[i] - shift[j]))
      }
    }
  }
  do.call(rbind, lapply(seq_along(contests), function(c) {
    a <- contests[[c]][1]; b <- contests[[c]][2]
    pairs <- do.call(rbind, found[[c]])
    pairs <- pairs[order(-abs(pairs$delta), -pairs$gamma, pairs$i, pairs$j), ]
    n_perfect <- sum(abs(pairs$delta) == n[a] * n[b])
    taken <- pairs[0, ]
    for (row in seq_len(nrow(pairs))) {
      one <- pairs[row, ]
      if (!any(c(one$i, one$j) %in% c(taken$i, taken$j))) taken <- rbind(taken, one)
      if (nrow(taken) == n_pairs) break
    }
    stopifnot(nrow(taken) == n_pairs)
    data.frame(
      first = classes[a], second = classes[b], lower = rownames(x)[taken$i],
      higher = rownames(x)[taken$j], more_frequent_in = classes[ifelse(taken$delta > 0, a, b)],
      score = sprintf("%.15g", abs(taken$delta) / (n[a] * n[b])),
      rank_score = sprintf("%.15g", taken$gamma / (2 * n[a] * n[b])), ordered_at_1 = n_perfect
    )
  }))
}

save_table <- function(table, name) {
  write.csv(table, file.path(arguments[1], name), row.names = FALSE, quote = FALSE)
}

# Descriptions hold commas and unpaired quotes: accession numbers, values and calls end each line.
lines <- readLines(file.path(arguments[2], "data_set_ALL_AML_train.csv"))
fields <- lapply(strsplit(lines, ",", fixed = TRUE), tail, 77)
patients <- fields[[1]][seq(2, 77, 2)]
x <- t(sapply(fields[-1], function(line) as.numeric(line[seq(2, 77, 2)])))
dimnames(x) <- list(sapply(fields[-1], `[`, 1), patients)
truth <- read.csv(file.path(arguments[2], "actual.csv"))
label <- truth$cancer[match(patients, truth$patient)]
save_table(top_pairs(x, label, 15), "golub.csv")

mll <- read.csv(arguments[3], check.names = FALSE)
x <- t(as.matrix(mll[, names(mll) != "class"]))
save_table(top_pairs(x, mll$class, 9), "mll.csv")
writeLines(R.version.string, file.path(arguments[1], "versions.txt"))
