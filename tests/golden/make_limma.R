# Golden tables of the limma part: see README.md beside this file.
#
#   Rscript make_limma.R OUT [GOLUB MLL [COUNTS]]
#
# limma 3.54.1 makes the tables of tests/golden/limma_3.54: all data and all cases.
# limma 3.63.2 makes those of tests/golden/limma_3.63: the cases with missing values, where residual
# degrees of freedom differ between probes. On the other cases both versions do the same.
#
# OUT    folder to write to: tests/golden/limma_3.54 or tests/golden/limma_3.63
# GOLUB  folder of data_set_ALL_AML_train.csv
# MLL    the file MLL.csv
# COUNTS allsorts_test_counts.csv.gz, genes x samples: the test file of ALLSorts
#
# Every case gives two tables: <case>.contrasts.csv.gz, one row per contrast and probe, and
# <case>.genes.csv.gz, one row per probe. Numbers have 15 significant digits.

suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(trailingOnly = TRUE)
out <- arguments[1]
# From 3.61.8 on limma estimates the prior in another way where residual df differ.
is_newer <- packageVersion("limma") >= "3.61.8"

write_table <- function(table, name) {
  numeric <- vapply(table, is.double, TRUE)
  table[numeric] <- lapply(table[numeric], formatC, digits = 15, format = "g", width = 1)
  connection <- gzfile(file.path(out, paste0(name, ".csv.gz")), "w", compression = 9)
  write.csv(table, connection, row.names = FALSE, quote = FALSE)
  close(connection)
}

# ---- simulated data ---------------------------------------------------------------------------

simulate <- function() {
  set.seed(20)
  n_probes <- 200
  label <- rep(c("ALL", "AML", "MLL"), c(9, 8, 7))
  samples <- data.frame(
    sample = sprintf("s%02d", seq_along(label)),
    label = label,
    batch = sample(c("first", "second"), length(label), replace = TRUE),
    age = round(runif(length(label), 2, 70), 1)
  )
  mean <- runif(n_probes, 5, 13)
  sd <- sqrt(0.3 * exp((9 - mean) / 3) * 5 / rchisq(n_probes, 5))
  sd[1:4] <- 8 * sd[1:4]
  effect <- matrix(0, n_probes, 3, dimnames = list(NULL, c("ALL", "AML", "MLL")))
  effect[11:50, "AML"] <- rnorm(40, 0, 1.5)
  effect[31:70, "MLL"] <- rnorm(40, 0, 1.5)
  batch <- rnorm(n_probes, 0, 0.5)
  y <- mean + effect[, label] + outer(batch, samples$batch == "second") +
    outer(rnorm(n_probes, 0, 0.01), samples$age) +
    sd * matrix(rnorm(n_probes * length(label)), n_probes)
  y <- round(y, 4)
  dimnames(y) <- list(sprintf("probe_%03d", 1:n_probes), samples$sample)

  gaps <- y
  gaps[matrix(runif(length(y)) < 0.06, nrow(y))] <- NA
  gaps[5, ] <- NA                     # nothing observed
  gaps[6, -3] <- NA                   # one sample: no residual df
  gaps[7, label == "AML"] <- NA       # a class not observed
  gaps[8, label == "ALL"] <- NA       # the reference class not observed
  gaps[9, -c(1, 2, 10)] <- NA         # a class with one observation, another with none
  gaps[12, samples$batch == "first"] <- NA

  # Variances more alike than chance makes them: infinite prior df. One gene is an outlier.
  alike <- matrix(rnorm(length(y)), nrow(y), dimnames = dimnames(y))
  within_class <- model.matrix(~ 0 + label)
  residual_sd <- sqrt(colMeans(lm.fit(within_class, t(alike))$residuals^2))
  alike <- round(8 + c(6, rep(1, n_probes - 1)) * alike / sqrt(residual_sd), 4)
  alike_gaps <- alike
  alike_gaps[matrix(runif(length(y)) < 0.06, nrow(y))] <- NA

  # Values that nobody logged: many small means and a few large ones, as uneven as means can be.
  set.seed(25)
  level <- 2^rnorm(300, 9, 2.5)
  error <- sqrt(5 / rchisq(300, 5)) * matrix(rnorm(300 * length(label)), 300)
  unlogged <- round(level * exp(0.3 * error), 2)
  dimnames(unlogged) <- list(sprintf("probe_%03d", 1:300), samples$sample)

  data <- list(y = y, gaps = gaps, alike = alike, alike_gaps = alike_gaps, unlogged = unlogged)
  if (!is_newer) {
    write_table(samples, "simulated.samples")
    for (name in names(data)) {
      table <- data.frame(probe = rownames(data[[name]]), data[[name]])
      write_table(table, paste0("simulated.", name))
    }
  }
  c(list(samples = samples), data)
}

# ---- one case ---------------------------------------------------------------------------------

run_case <- function(name, y, samples, formula = ~ 0 + label, contrasts = NULL, trend = FALSE,
                     robust = FALSE, lfc = NULL, keep_every = 1, ...) {
  if (is_newer && !grepl("missing", name)) return(invisible())
  samples$label <- factor(samples$label)
  design <- model.matrix(formula, samples)
  # lmFit names the coefficients that one gene's own samples cannot tell.
  fit <- suppressWarnings(lmFit(y, design, ...))
  fit <- contrasts.fit(fit, contrasts)
  fit <- if (is.null(lfc)) eBayes(fit, trend = trend, robust = robust) else
    treat(fit, lfc = lfc, trend = trend, robust = robust)
  decided <- unclass(decideTests(fit))
  decided_lfc <- unclass(decideTests(fit, p.value = 0.1, lfc = 0.5))

  genes <- data.frame(
    probe = rownames(y), AveExpr = fit$Amean, sigma = fit$sigma, df.residual = fit$df.residual,
    df.prior = fit$df.prior, s2.prior = fit$s2.prior, s2.post = fit$s2.post,
    df.total = fit$df.total
  )
  if (is.null(lfc)) {
    genes$F <- fit$F
    genes$F.P.Value <- fit$F.p.value
    genes$F.adj.P.Val <- p.adjust(fit$F.p.value, "BH")
  }
  smallest <- order(apply(fit$p.value, 1, min))[1:20]
  kept <- sort(union(seq(1, nrow(y), keep_every), smallest))
  write_table(genes[kept, ], paste0(name, ".genes"))

  tables <- lapply(colnames(contrasts), function(contrast) {
    table <- topTable(fit, coef = contrast, number = Inf, sort.by = "none", confint = TRUE)
    data.frame(contrast = contrast, probe = rownames(y), table,
               decided = as.integer(decided[, contrast]),
               decided.lfc = as.integer(decided_lfc[, contrast]))[kept, ]
  })
  write_table(do.call(rbind, tables), paste0(name, ".contrasts"))
  cat(sprintf("%-32s d0 %.6g  s0^2 %.6g  up/down %s\n", name, max(fit$df.prior),
              median(fit$s2.prior), paste(colSums(decided != 0, na.rm = TRUE), collapse = " ")))
}

# Contrasts of class means under a formula whose first coefficients are the class means, or under
# one with an intercept for the first class.
class_contrasts <- function(columns, has_intercept) {
  means <- rbind(
    "AML-ALL" = c(-1, 1, 0), "MLL-ALL" = c(-1, 0, 1), "leukemias-ALL" = c(-1, 0.5, 0.5)
  )
  if (has_intercept) means[, 1] <- 0
  contrasts <- matrix(0, length(columns), 3, dimnames = list(columns, rownames(means)))
  contrasts[1:3, ] <- t(means)
  contrasts
}

# ---- simulated cases --------------------------------------------------------------------------

# Curves as limma draws them: 3.54 through R's lowess, 3.63 through weights of its own too.
curves <- function() {
  set.seed(22)
  case <- function(name, x, span, weights = rep(1, length(x))) {
    y <- round(sin(x / max(abs(x)) * 6) + rt(length(x), 3), 6)
    fitted <- if (is_newer) {
      loessFit(y, x, weights, span = span, iterations = 1, min.weight = 1e-8, max.weight = 100)$fitted
    } else {
      replace(numeric(length(x)), order(x), lowess(x, y, f = span)$y)
    }
    data.frame(case = name, x = x, y = y, weight = weights, span = span, fitted = fitted)
  }
  uneven <- function(n) round(2^runif(n, 5, 13), 2)
  weights <- function(n) pmin(round(rexp(n) * sample(c(1, 1, 1e-6, 50), n, TRUE), 8) + 1e-8, 100)
  if (is_newer) {
    cases <- list(
      case("even", round(runif(260, 5, 13), 4), 0.7, weights(260)),
      case("uneven", uneven(260), 0.6, weights(260)),
      case("tied", pmax(round(rnorm(230, 7, 2), 1), 6.6), 0.4, weights(230)),
      case("four", uneven(4), 1, c(1, 0.5, 2, 0.1)), case("five", uneven(5), 1, weights(5)),
      case("twelve", uneven(12), 1, weights(12))
    )
    write_table(do.call(rbind, cases), "curves")
    return(invisible())
  }
  cases <- list(
    case("even", round(runif(150, 5, 13), 4), 0.4), case("uneven", uneven(150), 0.4),
    case("wide", uneven(80), 0.8), case("tied", pmax(round(rnorm(100, 7, 2), 1), 6.6), 0.4),
    case("mostly_tied", c(rep(6.64, 60), round(runif(40, 7, 12), 3)), 0.4),
    case("all_tied", rep(6.64, 8), 0.4)
  )
  for (n in c(2, 3, 5, 10, 11, 12)) {
    cases <- c(cases, list(case(paste0("few_", n), uneven(n), 0.4)))
  }
  write_table(do.call(rbind, cases), "curves")
}
curves()

simulated <- simulate()
samples <- simulated$samples
means_only <- ~ 0 + label
case <- function(name, y, formula = means_only, contrasts = 1:3, ...) {
  columns <- colnames(model.matrix(formula, samples))
  all_contrasts <- class_contrasts(columns, columns[1] == "(Intercept)")
  run_case(paste0("simulated.", name), y, samples, formula,
           all_contrasts[, contrasts, drop = FALSE], ...)
}
panel <- function(name, y) case(name, y, contrasts = 1:2, trend = TRUE, robust = TRUE)
y <- simulated$y
gaps <- simulated$gaps
seen <- gaps[rowSums(!is.na(gaps)) > 0, ]  # limma finds no trend where a mean is missing

case("plain", y)
case("covariates", y, ~ label + batch + age)
case("interaction", y, ~ label * batch)
case("trend", y, trend = TRUE)
case("robust", y, robust = TRUE)
case("trend_robust", y, trend = TRUE, robust = TRUE)
case("treat", y, lfc = 0.5)
case("treat_trend_robust", y, lfc = 0.5, trend = TRUE, robust = TRUE)
case("missing", gaps)
case("missing_covariates", gaps, ~ label + batch + age)
case("missing_robust", gaps, robust = TRUE)
case("missing_trend", seen, trend = TRUE)
case("missing_trend_robust", seen, trend = TRUE, robust = TRUE)
case("missing_treat", gaps[-(5:9), ], lfc = 0.5)  # limma stops at a missing coefficient
case("alike", simulated$alike)
case("alike_trend", simulated$alike, trend = TRUE)
case("alike_robust", simulated$alike, robust = TRUE)
case("alike_missing_robust", simulated$alike_gaps, robust = TRUE)
case("five_probes", y[101:105, ], trend = TRUE)
case("eight_probes_robust", y[101:108, ], robust = TRUE)
for (n in c(10, 11, 12, 20, 50)) {
  panel(sprintf("panel_%d_trend_robust", n), y[100 + 1:n, ])
}
for (n in c(10, 11, 12, 30, 100, 300)) {
  panel(sprintf("unlogged_%d_trend_robust", n), simulated$unlogged[1:n, ])
}
# On fewer probes than five the newer limma draws a line, on up to ten the older is not robust.
case("four_missing_trend", gaps[101:104, ], contrasts = 1:2, trend = TRUE)
for (n in c(6, 12, 50)) {
  panel(sprintf("panel_%d_missing_trend_robust", n), gaps[100 + 1:n, ])
}

# ---- weights and correlation ------------------------------------------------------------------

# Patients measured once, twice or three times.
patients <- c(1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 7, 7, 8, 9, 9, 10, 11, 11, 12, 12, 13, 14)
sample_weights <- 0.2 + (5 * 1:24) %% 11 / 6
value_weights <- function(y) 0.2 + outer(7 * seq_len(nrow(y)), 13 * seq_len(ncol(y)), "+") %% 17 / 8

weights_and_blocks <- function() {
  write_table(data.frame(samples, patient = patients, weight = sample_weights), "weighted.samples")
  few <- y[1:40, ]
  few_gaps <- gaps[1:40, ]
  weighted <- function(name, y, ...) {
    run_case(paste0("weighted.", name), y, samples, ~ 0 + label + batch,
             class_contrasts(c("1", "2", "3", "batch"), FALSE)[, c(1, 3)], ...)
  }
  in_block <- function(...) weighted(..., block = patients, correlation = 0.4)
  weighted("samples", few, weights = sample_weights)
  weighted("samples_missing", few_gaps, weights = sample_weights)
  weighted("values", few, weights = value_weights(few))
  weighted("values_zero", few, weights = value_weights(few) - 0.2)
  weighted("values_missing", few_gaps, weights = value_weights(few))
  in_block("block", few)
  in_block("block_missing", few_gaps)
  in_block("block_samples", few, weights = sample_weights)
  in_block("block_values", few, weights = value_weights(few))
  in_block("block_values_missing", few_gaps, weights = value_weights(few))

  # Once as limma stops, once to the end.
  design <- model.matrix(~ 0 + label + batch, samples)
  constant <- y
  constant[3, ] <- 7
  write_table(data.frame(
    samples$sample, reml = arrayWeights(y, design), most_likely = arrayWeights(y, design, tol = 1e-13),
    constant = arrayWeights(constant, design), missing = arrayWeights(gaps, design),
    weighted = arrayWeights(y, design, weights = value_weights(y)),
    both = arrayWeights(gaps, design, weights = value_weights(y))
  ), "array_weights")
}

# Counts whose libraries differ tenfold, of samples that differ in quality.
counted_patients <- c(1, 1, 2, 3, 4, 5, 6, 6, 3, 3, 7, 8)
simulate_counts <- function() {
  set.seed(30)
  depth <- 2^seq(-1.6, 1.7, length.out = 12)[c(3, 8, 1, 12, 5, 10, 2, 7, 11, 4, 9, 6)]
  mean <- outer(round(2^runif(120, -1, 9)), depth)
  mean[1:15, 7:12] <- 3 * mean[1:15, 7:12]
  mean <- mean * 2^matrix(rnorm(120 * 8, 0, 0.8), 120)[, counted_patients]
  size <- matrix(c(8, 8, 1.5, 8, 8, 8, 8, 2, 8, 8, 8, 8), 120, 12, byrow = TRUE)
  counts <- matrix(rnbinom(length(mean), mu = mean, size = size), 120)
  counts[20, ] <- 0
  counts[21, 1:6] <- 0
  dimnames(counts) <- list(sprintf("gene_%03d", 1:120), sprintf("s%02d", 1:12))
  counts
}

# Values and weights side by side, the trend, and the sample weights.
write_voom <- function(name, v, kept = seq_len(nrow(v$E)), sample_weights = NULL) {
  colnames(v$weights) <- paste0("weight_", colnames(v$E))
  write_table(data.frame(gene = rownames(v$E), v$E, v$weights, check.names = FALSE)[kept, ],
              paste0("voom.", name, ".values"))
  if (!is.null(sample_weights)) {
    write_table(data.frame(sample = colnames(v$E), weight = sample_weights),
                paste0("voom.", name, ".samples"))
  }
}

voom_cases <- function() {
  counts <- simulate_counts()
  write_table(data.frame(gene = rownames(counts), counts), "voom.counts")
  samples <- data.frame(label = rep(c("ALL", "AML"), each = 6), batch = c(0, 1, 1))
  design <- model.matrix(~ label + batch, samples)
  sizes <- colSums(counts) * seq(0.8, 1.3, length.out = 12)
  kept <- seq(1, 120, 4)
  v <- voom(counts, design, lib.size = sizes, save.plot = TRUE)
  write_voom("plain", v, kept)
  write_table(data.frame(mean_log_count = v$voom.xy$x, sqrt_sd = v$voom.xy$y), "voom.plain.trend")
  write_voom("weighted", voom(counts, design, sizes, weights = seq(0.5, 1.6, 0.1)), kept)
  write_voom("block", voom(counts, design, sizes, block = counted_patients, correlation = 0.3), kept)
  quality <- voomWithQualityWeights(counts, design, sizes)
  write_voom("quality", quality, kept, quality$targets$sample.weights)
  fit <- eBayes(lmFit(quality))
  write_table(data.frame(gene = rownames(counts), topTable(fit, coef = 2, n = Inf, sort.by = "none"))[kept, ],
              "voom.quality.contrast")

  # Patients measured twice: the correlation and the weights depend on each other.
  sizes <- colSums(counts) * edgeR::calcNormFactors(counts)
  for (weigh in c("voom", "voomWithQualityWeights")) {
    weighed <- function(...) do.call(weigh, list(counts, design, lib.size = sizes, ...))
    v <- weighed()
    first <- duplicateCorrelation(v, design, block = counted_patients)$consensus.correlation
    v <- weighed(block = counted_patients, correlation = first)
    second <- duplicateCorrelation(v, design, block = counted_patients)$consensus.correlation
    fit <- eBayes(lmFit(v, design, block = counted_patients, correlation = second))
    write_table(data.frame(gene = rownames(counts), first = first, second = second,
                           topTable(fit, coef = 2, n = Inf, sort.by = "none"))[kept, ],
                if (weigh == "voom") "voom.repeated.contrast" else "voom.repeated_quality.contrast")
  }
}

if (!is_newer) {
  weights_and_blocks()
  voom_cases()
}

# ---- real cases -------------------------------------------------------------------------------

clip <- function(raw) pmin(pmax(raw, 100), 16000)

# Descriptions hold commas and unpaired quotes, the fields after them neither: read from the end.
read_golub <- function(folder) {
  lines <- readLines(file.path(folder, "data_set_ALL_AML_train.csv"))
  fields <- strsplit(sub("\r$", "", lines[nzchar(lines)]), ",", fixed = TRUE)
  header <- fields[[1]]
  patients <- header[seq(3, length(header), 2)]
  last <- do.call(rbind, lapply(fields[-1], tail, 2 * length(patients) + 1))
  raw <- matrix(as.numeric(last[, seq(2, ncol(last), 2)]), nrow(last),
                dimnames = list(last[, 1], patients))
  actual <- read.csv(file.path(folder, "actual.csv"), row.names = 1)
  list(raw = raw, samples = data.frame(sample = patients, label = actual[patients, "cancer"]))
}

if (length(arguments) >= 3) {
  golub <- read_golub(arguments[2])
  intensity <- clip(golub$raw)
  y <- log2(intensity)
  lowest <- apply(intensity, 1, min)
  highest <- apply(intensity, 1, max)
  filtered <- y[highest / lowest > 5 & highest - lowest > 500, ]
  stopifnot(dim(filtered) == c(3051, 38))
  contrast <- matrix(c(-1, 1), dimnames = list(c("labelALL", "labelAML"), "AML-ALL"))
  for (size in c("3051", "7129")) {
    case <- function(name, ...) {
      run_case(paste0("golub_", size, ".", name), if (size == "3051") filtered else y,
               golub$samples, ~ 0 + label, contrast, ...)
    }
    case("plain", keep_every = if (size == "3051") 1 else 10)
    case("trend", trend = TRUE, keep_every = 10)
    case("robust", robust = TRUE, keep_every = 10)
    case("trend_robust", trend = TRUE, robust = TRUE, keep_every = 10)
    case("treat", lfc = 1, keep_every = 10)
  }
  # About one value in twenty is missing: five squares of 101 are 0, 1 or 4.
  position <- outer(31 * seq_len(nrow(filtered)), 17 * seq_len(ncol(filtered)), "+")
  filtered[position^2 %% 101 < 5] <- NA
  case <- function(name, ...) {
    run_case(paste0("golub_3051_missing.", name), filtered, golub$samples, ~ 0 + label, contrast,
             keep_every = 30, ...)
  }
  case("plain")
  case("trend", trend = TRUE)
  case("robust", robust = TRUE)
  case("trend_robust", trend = TRUE, robust = TRUE)

  mll <- read.csv(arguments[3], check.names = FALSE)
  y <- log2(clip(t(as.matrix(mll[, -ncol(mll)]))))
  rownames(y) <- sprintf("%05d", seq_len(nrow(y)))  # probe ids hold commas; the order tells them
  samples <- data.frame(label = mll$class)
  case <- function(name, ...) {
    run_case(paste0("mll.", name), y, samples, ~ 0 + label,
             class_contrasts(paste0("label", c("ALL", "AML", "MLL")), FALSE), keep_every = 50, ...)
  }
  case("plain")
  case("trend_robust", trend = TRUE, robust = TRUE)
}

if (length(arguments) == 4 && !is_newer) {
  counts <- as.matrix(read.csv(arguments[4], row.names = 1, check.names = FALSE))
  counts <- counts[rowSums(counts) >= 200, ]
  design <- model.matrix(~ 0 + sub("_.$", "", colnames(counts)))
  kept <- seq(1, nrow(counts), 1000)
  quality <- voomWithQualityWeights(counts, design)
  write_voom("allsorts", voom(counts, design), kept)
  write_voom("allsorts_quality", quality, kept, quality$targets$sample.weights)
}

cat(R.version.string, "limma", as.character(packageVersion("limma")), "statmod",
    as.character(packageVersion("statmod")), "\n")
