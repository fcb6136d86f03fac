# Makes the tables under tests/golden/multtest: what R's own tests give on small simulated data,
# and mt.maxT on multtest's Golub matrix. Needs R with limma, multtest and qvalue (in Debian:
# r-base-core r-bioc-limma r-bioc-multtest r-bioc-qvalue). Takes about two minutes:
#
#   Rscript tests/golden/make_multtest.R tests/golden/multtest

suppressMessages({
  library(limma)
  library(multtest)
  library(qvalue)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
if (is.na(folder)) stop("usage: Rscript make_multtest.R FOLDER")

save_data <- function(table, name) {
  write.csv(table, file.path(folder, name), row.names = FALSE, quote = FALSE)
}
save_results <- function(table, name) {
  numbers <- vapply(table, is.double, TRUE)
  # 17 significant digits bring back every double.
  table[numbers] <- lapply(table[numbers], function(x) ifelse(is.na(x), NA, sprintf("%.17g", x)))
  save_data(table, name)
}

# Expression of probes x samples, columns named by side: group1, group2, ... rest1, rest2, ...
simulate <- function(n_probes, n_group, n_rest) {
  x <- matrix(rnorm(n_probes * (n_group + n_rest), mean = 8), n_probes)
  shifted <- seq_len(n_probes %/% 4)
  shift <- seq(3, 0.5, length.out = length(shifted))
  x[shifted, seq_len(n_group)] <- x[shifted, seq_len(n_group)] + shift
  colnames(x) <- c(paste0("group", seq_len(n_group)), paste0("rest", seq_len(n_rest)))
  round(x, 6)
}
in_group <- function(x) startsWith(colnames(x), "group")

or_na <- function(test) {
  tryCatch(suppressWarnings(test), error = function(e) list(statistic = NA, p.value = NA))
}

two_sample <- function(x) {
  g <- in_group(x)
  t <- apply(x, 1, function(v) unlist(or_na(t.test(v[g], v[!g]))[c("statistic", "p.value")]))
  data.frame(
    t = t[1, ],
    t_p = t[2, ],
    wilcoxon_p = apply(x, 1, function(v) or_na(wilcox.test(v[g], v[!g]))$p.value)
  )
}

max_t <- function(x, g, B) {
  capture.output(result <- mt.maxT(x, as.integer(g), B = B))
  result <- result[order(result$index), ]
  data.frame(t = result$teststat, max_t_p = result$adjp)
}

set.seed(1)

# No two values of a probe are equal: the exact rank-sum test. The last two probes are constant,
# in both groups and in one.
plain <- simulate(60, 11, 27)
plain[59, ] <- 7
plain[60, in_group(plain)] <- 7
# Floored intensities are full of ties.
ties <- round(pmax(simulate(40, 11, 27), 8), 1)
# Values missing at random; then a probe with one value in the group, and one with none.
missing <- simulate(40, 11, 27)
missing[sample(length(missing), 150)] <- NA
missing[39, 2:11] <- NA
missing[40, 1:11] <- NA
# From 50 samples in one group on, the normal approximation.
many <- simulate(12, 60, 45)
for (name in c("plain", "ties", "missing", "many")) {
  save_data(get(name), paste0(name, ".csv"))
  save_results(two_sample(get(name)), paste0(name, ".two_sample.csv"))
}

# maxT: all labellings (more are asked for than there are), without and with missing values, of
# unequal and of equal groups; then random ones.
enumerated <- simulate(30, 4, 6)
enumerated_missing <- simulate(30, 5, 5)
enumerated_missing[cbind(1:20, sample(10, 20, replace = TRUE))] <- NA
for (name in c("enumerated", "enumerated_missing")) {
  x <- get(name)
  save_data(x, paste0(name, ".csv"))
  save_results(max_t(x, in_group(x), B = 0), paste0(name, ".max_t.csv"))
}
save_results(max_t(plain, in_group(plain), B = 100000), "plain.max_t.csv")

data(golub)
save_results(max_t(golub, golub.cl == 1, B = 100000), "golub.max_t.csv")

# Adjusted p-values: a mixture of true and false null hypotheses, with ties and missing values.
p <- 2 * pnorm(-abs(rnorm(400, mean = rep(c(0, 2.5), c(260, 140)))))
p[11:14] <- p[15]
p[c(3, 200)] <- NA
save_results(
  data.frame(p = p, bh = p.adjust(p, "BH"), by = p.adjust(p, "BY"), q = qvalue(p)$qvalues),
  "p_values.csv"
)

# Gene sets: 200 genes in 20 samples of two classes and two batches. The genes of two sets are
# co-expressed, of which one set differs between the classes.
genes <- sprintf("G%03d", 1:200)
samples <- data.frame(
  sample = sprintf("s%02d", 1:20), label = rep(c("ALL", "AML"), c(12, 8)),
  batch = rep(c("first", "second"), 10)
)
factors <- matrix(rnorm(2 * 20), 2)
y <- matrix(rnorm(200 * 20), 200, dimnames = list(genes, samples$sample))
y[1:20, ] <- sqrt(0.6) * y[1:20, ] + rep(sqrt(0.4) * factors[1, ], each = 20)
y[61:90, ] <- sqrt(0.6) * y[61:90, ] + rep(sqrt(0.4) * factors[2, ], each = 30)
aml <- samples$label == "AML"
y[1:20, aml] <- y[1:20, aml] + 1
y[171:200, aml] <- y[171:200, aml] - 0.7
y <- round(8 + y * sqrt(0.3 * 6 / rchisq(200, 6)) + outer(rnorm(200), samples$batch == "second"), 5)
sets <- list(
  coexpressed_up = genes[1:20], coexpressed = genes[61:90], down = genes[171:200],
  neither = genes[91:140], one = genes[5], partly_measured = c(genes[18:25], "X1", "X2"),
  most = genes[1:190]
)
save_data(samples, "gene_sets.samples.csv")
save_data(data.frame(gene = genes, y), "gene_sets.expression.csv")
writeLines(
  sprintf("%s\tsimulated\t%s", names(sets), vapply(sets, paste, "", collapse = "\t")),
  file.path(folder, "gene_sets.gmt")
)
index <- lapply(sets, function(set) which(genes %in% set))
design <- model.matrix(~ 0 + label + batch, samples)
contrast <- c(-1, 1, 0)
without_contrast <- model.matrix(~ batch, samples)
for (trend in c(FALSE, TRUE)) {
  camera_found <- camera(y, index, design, contrast, inter.gene.cor = NA, trend.var = trend,
                         sort = FALSE)
  # Expression divided by standard deviations without the contrast: see rotation_test.
  deviation <- sqrt(eBayes(lmFit(y, without_contrast), trend = trend)$s2.post)
  rotated <- fry(y / deviation, index, design, contrast, standardize = "none", sort = "none")
  default <- fry(y, index, design, contrast, trend = trend, sort = "none")
  save_results(
    data.frame(
      gene_set = names(sets), camera_found, rotation_direction = rotated$Direction,
      rotation_p = rotated$PValue, fry_default_p = default$PValue
    ),
    if (trend) "gene_sets.trend.csv" else "gene_sets.plain.csv"
  )
}

# maxT of probes full of ties: some labellings leave a probe without variance within the groups.
set.seed(2)
enumerated_ties <- simulate(40, 4, 4)
enumerated_ties[] <- round(pmax(enumerated_ties, 8.5), 1)
enumerated_ties[31:40, ] <- ifelse(enumerated_ties[31:40, ] > 8.7, 9.4, 8.5)
# No t under the observed labels: no variance within the groups, though some under other labels.
enumerated_ties[40, ] <- ifelse(in_group(enumerated_ties), 9.4, 8.5)
save_data(enumerated_ties, "enumerated_ties.csv")
save_results(
  max_t(enumerated_ties, in_group(enumerated_ties), B = 0), "enumerated_ties.max_t.csv"
)

packages <- c("limma", "multtest", "qvalue")
writeLines(
  c(R.version.string, paste(packages, vapply(packages, function(p) format(packageVersion(p)), ""))),
  file.path(folder, "versions.txt")
)
