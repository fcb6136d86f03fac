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

# Gene sets on one statistic per gene.
genes <- sprintf("G%03d", 1:200)
statistic <- setNames(round(rnorm(200) + rep(c(1.5, 0, -1), c(20, 150, 30)), 6), genes)
sets <- list(
  up = c(genes[1:15], genes[100:104]), down = genes[171:200], neither = genes[60:120],
  one = genes[5], partly_measured = c(genes[18:25], "X1", "X2"), most = genes[1:190]
)
save_data(data.frame(gene = genes, statistic = statistic), "camera.statistic.csv")
writeLines(
  sprintf("%s\tsimulated\t%s", names(sets), vapply(sets, paste, "", collapse = "\t")),
  file.path(folder, "camera.gmt")
)
camera <- cameraPR(statistic, sets, sort = FALSE)
save_results(cbind(gene_set = rownames(camera), camera), "camera.csv")

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
