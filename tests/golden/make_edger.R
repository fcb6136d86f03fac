# Golden tables of counts: see README.md beside this file.
#
#   Rscript make_edger.R OUT [COUNTS LABELS]
#
# OUT     folder to write to: tests/golden/edger_3.40
# COUNTS  allsorts_test_counts.csv.gz, genes x samples: the test file of ALLSorts
# LABELS  allsorts_test_labels.csv: sample, subtype
#
# Every case gives <case>.samples.csv.gz, one row per sample (library size of the genes kept, TMM
# factor, factor of all genes), <case>.genes.csv.gz, one row per gene in the order of the counts
# (kept or not), and <case>.log_cpm.csv.gz, some of the genes kept x samples. Simulated cases give
# <case>.counts.csv.gz too. Numbers have 15 significant digits.

suppressPackageStartupMessages(library(edgeR))
arguments <- commandArgs(trailingOnly = TRUE)
out <- arguments[1]

write_table <- function(table, name) {
  numeric <- vapply(table, is.double, TRUE)
  table[numeric] <- lapply(table[numeric], formatC, digits = 15, format = "g", width = 1)
  connection <- gzfile(file.path(out, paste0(name, ".csv.gz")), "w", compression = 9)
  write.csv(table, connection, row.names = FALSE, quote = FALSE)
  close(connection)
}

# ---- simulated data ---------------------------------------------------------------------------

simulate <- function(label, n_genes, depth, mean_log = 3, zeros = 0) {
  mean <- rlnorm(n_genes, mean_log, 1.8)
  effect <- matrix(1, n_genes, length(unique(label)))
  # One class has many genes up: a composition that library sizes alone misjudge.
  effect[seq_len(n_genes %/% 8), 2] <- 6
  size <- depth * runif(length(label), 0.4, 2.5)
  expected <- mean * effect[, as.integer(factor(label))] * rep(size, each = n_genes)
  y <- matrix(rnbinom(length(expected), mu = expected, size = 5), n_genes)
  y[matrix(runif(length(y)) < zeros, n_genes)] <- 0
  y[n_genes - 0:2, ] <- 0
  dimnames(y) <- list(sprintf("gene_%04d", seq_len(n_genes)), sprintf("s%02d", seq_along(label)))
  y
}

# ---- one case ---------------------------------------------------------------------------------

run_case <- function(name, y, label, keep_every = 1, prior = 2, given = TRUE, ...) {
  if (given) {
    write_table(data.frame(gene = rownames(y), y, check.names = FALSE), paste0(name, ".counts"))
  }
  passes <- suppressMessages(filterByExpr(y, group = label, ...))
  kept <- y[passes, ]
  size <- colSums(kept)
  factors <- calcNormFactors(kept, lib.size = size)
  log_cpm <- cpm(kept, lib.size = size * factors, log = TRUE, prior.count = prior)
  # Before any filter: most genes of a sparse table have a zero somewhere.
  unfiltered <- calcNormFactors(y)
  write_table(data.frame(sample = colnames(y), label = if (is.null(label)) "" else label,
                         size = size, factor = factors, unfiltered = unfiltered),
              paste0(name, ".samples"))
  write_table(data.frame(passes = as.integer(passes)), paste0(name, ".genes"))
  shown <- seq(1, nrow(kept), keep_every)
  write_table(data.frame(gene = rownames(kept)[shown], log_cpm[shown, ], check.names = FALSE),
              paste0(name, ".log_cpm"))
  cat(sprintf("%-12s %d of %d genes, factors %.3f to %.3f\n", name, sum(passes), nrow(y),
              min(factors), max(factors)))
}

set.seed(40)
three <- rep(c("ALL", "AML", "MLL"), c(5, 4, 3))
run_case("three", simulate(three, 300, 1), three, keep_every = 4)
two <- rep(c("ALL", "AML"), c(13, 17))  # classes above edgeR's large.n
run_case("large", simulate(two, 120, 1), two, keep_every = 4, prior = 0.25)
run_case("sparse", simulate(three, 300, 0.02, zeros = 0.5), three, keep_every = 4,
         min.count = 2, min.total.count = 5)
run_case("one_group", simulate(three, 150, 1), NULL, keep_every = 4, min.count = 30)

# Counts that are just enough in the median library, where rounding decides.
size <- sample(1e5:5e6, 400)
just <- vapply(size, function(n) {
  filterByExpr(rbind(c(0, 10, 0), c(50, 50, 50)), group = 1:3, lib.size = n + c(-5, 0, 5),
               min.total.count = 0)[[1]]
}, TRUE)
write_table(data.frame(size = size, passes = as.integer(just)), "just_enough")

# ---- real counts ------------------------------------------------------------------------------

if (length(arguments) == 3) {
  y <- as.matrix(read.csv(arguments[2], row.names = 1, check.names = FALSE))
  label <- read.csv(arguments[3], row.names = 1)[colnames(y), "subtype"]
  run_case("allsorts", y, label, keep_every = 150, given = FALSE)
}

cat(R.version.string, "edgeR", as.character(packageVersion("edgeR")), "\n")
