# Golden tables of repeated patients, batches, decisions, averaged probes and MDS: see README.md
# beside this file.
#
#   Rscript make_limma_designs.R OUT
#
# OUT    tests/golden/limma_3.54, where make_limma.R has written the simulated data

suppressPackageStartupMessages({library(limma); library(statmod)})
out <- commandArgs(trailingOnly = TRUE)[1]

write_table <- function(table, name) {
  numeric <- vapply(table, is.double, TRUE)
  table[numeric] <- lapply(table[numeric], formatC, digits = 15, format = "g", width = 1)
  connection <- gzfile(file.path(out, paste0("designs.", name, ".csv.gz")), "w", compression = 9)
  write.csv(table, connection, row.names = FALSE, quote = FALSE)
  close(connection)
}
read_matrix <- function(name) {
  as.matrix(read.csv(file.path(out, paste0("simulated.", name, ".csv.gz")), row.names = 1))
}
samples <- read.csv(file.path(out, "simulated.samples.csv.gz"))
y <- read_matrix("y")
gaps <- read_matrix("gaps")
probe <- row(y)
position <- col(y)

# ---- correlation within blocks ----------------------------------------------------------------

unequal <- rep(1:13, c(1, 2, 3, 4, 2, 1, 2, 1, 3, 1, 2, 1, 1))
pairs <- rep(1:12, each = 2)
gene_weights <- 0.5 + ((7 * probe + 3 * position) %% 11) / 10
array_weights <- 0.5 + ((5 * seq_len(ncol(y))) %% 7) / 5

# A block shifts each probe by an amount of its own; a third of the probes is not shifted.
shifted <- function(y, blocks) {
  round(y + 0.9 * (probe %% 3) * sin(1.7 * probe + 2.3 * blocks[position]), 4)
}

# duplicateCorrelation stops statmod's iteration early; this goes on to the end.
converged <- function(y, design, blocks, weights) {
  z <- model.matrix(~ 0 + factor(blocks))
  bound <- range(1 / (1 - max(table(blocks))) + 0.01, 0.99)
  vapply(seq_len(nrow(y)), function(i) {
    seen <- !is.na(y[i, ])
    root <- sqrt(weights[i, seen])
    part <- suppressWarnings(mixedModel2Fit(
      root * y[i, seen], root * design[seen, , drop = FALSE], z[seen, , drop = FALSE],
      only.varcomp = TRUE, tol = 1e-12, maxit = 300))$varcomp
    atanh(min(max(part[2] / sum(part), bound[1]), bound[2]))
  }, 0)
}

correlation_case <- function(name, y, blocks, formula = ~ 0 + label, weights = NULL) {
  y <- shifted(y, blocks)
  design <- model.matrix(formula, samples)
  found <- duplicateCorrelation(y, design, block = blocks, weights = weights)
  every <- if (is.null(weights)) matrix(1, nrow(y), ncol(y)) else asMatrixWeights(weights, dim(y))
  kept <- which(seq_len(nrow(y)) %% 4 == 1 | seq_len(nrow(y)) <= 12)
  atanh <- found$atanh.correlations
  known <- which(!is.na(atanh))
  to_the_end <- rep(NA_real_, nrow(y))
  to_the_end[known] <- converged(y[known, ], design, blocks, every[known, ])
  consensus <- tanh(mean(to_the_end, trim = 0.15, na.rm = TRUE))
  cat(sprintf("%-16s consensus %.6f\n", name, found$consensus))
  data.frame(case = name, limma = found$consensus, converged = consensus, probe = rownames(y),
             atanh.limma = atanh, atanh.converged = to_the_end)[kept, ]
}
write_table(rbind(
  correlation_case("unequal", y, unequal),
  correlation_case("pairs", y, pairs),
  correlation_case("covariates", y, unequal, ~ label + batch + age),
  correlation_case("missing", gaps, unequal),
  correlation_case("missing_pairs", gaps, pairs, ~ label + batch),
  correlation_case("weights", y, unequal, weights = gene_weights),
  correlation_case("array_weights", y, pairs, weights = array_weights),
  correlation_case("missing_weights", gaps, unequal, weights = gene_weights)
), "correlation")

# ---- decisions over contrasts -----------------------------------------------------------------

decision_case <- function(name, y, formula, methods, trend = FALSE, robust = FALSE, lfc = NULL) {
  design <- model.matrix(formula, samples)
  means <- rbind(
    "AML-ALL" = c(-1, 1, 0), "MLL-ALL" = c(-1, 0, 1), "leukemias-ALL" = c(-1, 0.5, 0.5)
  )
  if (colnames(design)[1] == "(Intercept)") means[, 1] <- 0
  contrasts <- matrix(0, ncol(design), 3, dimnames = list(colnames(design), rownames(means)))
  contrasts[1:3, ] <- t(means)
  fit <- contrasts.fit(lmFit(y, design), contrasts)
  fit <- if (is.null(lfc)) eBayes(fit, trend = trend, robust = robust) else treat(fit, lfc = lfc)
  do.call(rbind, lapply(methods, function(method) {
    decided <- unclass(decideTests(fit, method = method))
    mode(decided) <- "integer"
    data.frame(case = name, method = method, probe = rownames(y), decided, check.names = FALSE)
  }))
}
every_method <- c("separate", "global", "hierarchical", "nestedF")
write_table(rbind(
  decision_case("plain", y, ~ 0 + label, every_method),
  decision_case("covariates", y, ~ label + batch + age, every_method, TRUE, TRUE),
  decision_case("treat", y, ~ 0 + label, c("separate", "global"), lfc = 0.5)
), "decisions")

# ---- removed batches --------------------------------------------------------------------------

removal_case <- function(name, y, ...) {
  data.frame(case = name, probe = rownames(y), removeBatchEffect(y, ...))[1:16, ]
}
classes <- model.matrix(~ label, samples)
site <- c("north", "east", "south")[1 + (3 * seq_len(ncol(y))) %% 7 %% 3]
write_table(rbind(
  removal_case("batch", y, batch = samples$batch),
  removal_case("batch_design", y, batch = samples$batch, design = classes),
  removal_case("two_batches_design", y, batch = samples$batch, batch2 = site, design = classes),
  removal_case("site_covariate_design", y, batch = site, covariates = samples$age,
               design = classes),
  removal_case("missing_design", gaps, batch = site, covariates = samples$age, design = classes)
), "batch_removal")

# ---- averaged probes --------------------------------------------------------------------------

write_table(data.frame(avereps(gaps[1:60, ], ID = sprintf("gene_%02d", (7 * 1:60) %% 23))),
            "averaged")

# ---- samples in two dimensions ----------------------------------------------------------------

mds_case <- function(name, y, ...) {
  found <- plotMDS(y, plot = FALSE, ...)
  data.frame(case = name, sample = colnames(y), x = found$x, y = found$y,
             share_x = found$var.explained[1], share_y = found$var.explained[2])
}
write_table(rbind(
  mds_case("top_30", y, top = 30),
  mds_case("every_probe", y),
  mds_case("missing", gaps, top = 30)
), "mds")

cat(R.version.string, "limma", as.character(packageVersion("limma")), "statmod",
    as.character(packageVersion("statmod")), "\n")
