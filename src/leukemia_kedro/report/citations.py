"""The literature the report can cite."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup


class Reference(NamedTuple):
    """One publication, as it is cited and as it is listed."""

    cited: str
    listed: str
    doi: str | None = None


class Citations:
    """Links to references, and the list of those that were linked to."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def cite(self, *keys: str) -> Markup:
        """``(Smyth 2004; Benjamini & Hochberg 1995)``, each a link into the list.

        Parameters
        ----------
        *keys : str
            Of :data:`REFERENCES`.
        """
        self._used.update(keys)
        links = [
            Markup('<a href="#ref-{}">{}</a>').format(key, REFERENCES[key].cited) for key in keys
        ]
        return Markup("({})").format(Markup("; ").join(links))

    def listed(self) -> list[tuple[str, Reference]]:
        """Those cited so far, by author."""
        used = [(key, REFERENCES[key]) for key in self._used]
        return sorted(used, key=lambda item: item[1].listed.casefold())


REFERENCES = {
    "ambroise2002": Reference(
        "Ambroise & McLachlan 2002",
        "Ambroise C, McLachlan GJ (2002). Selection bias in gene extraction on the basis of "
        "microarray gene-expression data. Proc. Natl Acad. Sci. USA 99:6562–6566.",
        "10.1073/pnas.102102699",
    ),
    "antoniadis2003": Reference(
        "Antoniadis et al. 2003",
        "Antoniadis A, Lambert-Lacroix S, Leblanc F (2003). Effective dimension reduction methods "
        "for tumor classification using gene expression data. Bioinformatics 19:563–570.",
        "10.1093/bioinformatics/btg062",
    ),
    "benjamini1995": Reference(
        "Benjamini & Hochberg 1995",
        "Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate: a practical and "
        "powerful approach to multiple testing. J. R. Stat. Soc. B 57:289–300.",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "breiman1984": Reference(
        "Breiman et al. 1984",
        "Breiman L, Friedman JH, Olshen RA, Stone CJ (1984). Classification and Regression "
        "Trees. Wadsworth, Belmont.",
    ),
    "clopper1934": Reference(
        "Clopper & Pearson 1934",
        "Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in "
        "the case of the binomial. Biometrika 26:404–413.",
        "10.1093/biomet/26.4.404",
    ),
    "dudoit2002": Reference(
        "Dudoit, Fridlyand & Speed 2002",
        "Dudoit S, Fridlyand J, Speed TP (2002). Comparison of discrimination methods for the "
        "classification of tumors using gene expression data. J. Am. Stat. Assoc. 97:77–87.",
        "10.1198/016214502753479248",
    ),
    "efron1979": Reference(
        "Efron 1979",
        "Efron B (1979). Bootstrap methods: another look at the jackknife. Ann. Statist. 7:1–26.",
        "10.1214/aos/1176344552",
    ),
    "elyaniv2010": Reference(
        "El-Yaniv & Wiener 2010",
        "El-Yaniv R, Wiener Y (2010). On the foundations of noise-free selective classification. "
        "J. Mach. Learn. Res. 11:1605–1641.",
    ),
    "furey2000": Reference(
        "Furey et al. 2000",
        "Furey TS, Cristianini N, Duffy N, et al. (2000). Support vector machine classification "
        "and validation of cancer tissue samples using microarray expression data. Bioinformatics "
        "16:906–914.",
        "10.1093/bioinformatics/16.10.906",
    ),
    "golub1999": Reference(
        "Golub et al. 1999",
        "Golub TR, Slonim DK, Tamayo P, et al. (1999). Molecular classification of cancer: class "
        "discovery and class prediction by gene expression monitoring. Science 286:531–537.",
        "10.1126/science.286.5439.531",
    ),
    "guyon2002": Reference(
        "Guyon et al. 2002",
        "Guyon I, Weston J, Barnhill S, Vapnik V (2002). Gene selection for cancer classification "
        "using support vector machines. Machine Learning 46:389–422.",
        "10.1023/A:1012487302797",
    ),
    "liao2007": Reference(
        "Liao & Chin 2007",
        "Liao JG, Chin KV (2007). Logistic regression for disease classification using microarray "
        "data: model selection in a large p and small n case. Bioinformatics 23:1945–1951.",
        "10.1093/bioinformatics/btm287",
    ),
    "mccarthy2009": Reference(
        "McCarthy & Smyth 2009",
        "McCarthy DJ, Smyth GK (2009). Testing significance relative to a fold-change threshold is "
        "a TREAT. Bioinformatics 25:765–771.",
        "10.1093/bioinformatics/btp053",
    ),
    "mcinnes2018": Reference(
        "McInnes, Healy & Melville 2018",
        "McInnes L, Healy J, Melville J (2018). UMAP: uniform manifold approximation and "
        "projection for dimension reduction. arXiv:1802.03426.",
    ),
    "mcnemar1947": Reference(
        "McNemar 1947",
        "McNemar Q (1947). Note on the sampling error of the difference between correlated "
        "proportions or percentages. Psychometrika 12:153–157.",
        "10.1007/BF02295996",
    ),
    "mitchell2019": Reference(
        "Mitchell et al. 2019",
        "Mitchell M, Wu S, Zaldivar A, et al. (2019). Model cards for model reporting. Proc. "
        "Conf. Fairness, Accountability, and Transparency, 220–229.",
        "10.1145/3287560.3287596",
    ),
    "nadeau2003": Reference(
        "Nadeau & Bengio 2003",
        "Nadeau C, Bengio Y (2003). Inference for the generalization error. Machine Learning "
        "52:239–281.",
        "10.1023/A:1024068626366",
    ),
    "nguyen2002": Reference(
        "Nguyen & Rocke 2002",
        "Nguyen DV, Rocke DM (2002). Tumor classification by partial least squares using "
        "microarray gene expression data. Bioinformatics 18:39–50.",
        "10.1093/bioinformatics/18.1.39",
    ),
    "nogueira2018": Reference(
        "Nogueira, Sechidis & Brown 2018",
        "Nogueira S, Sechidis K, Brown G (2018). On the stability of feature selection "
        "algorithms. J. Mach. Learn. Res. 18(174):1–54.",
    ),
    "ojala2010": Reference(
        "Ojala & Garriga 2010",
        "Ojala M, Garriga GC (2010). Permutation tests for studying classifier performance. "
        "J. Mach. Learn. Res. 11:1833–1863.",
    ),
    "phipson2016": Reference(
        "Phipson et al. 2016",
        "Phipson B, Lee S, Majewski IJ, Alexander WS, Smyth GK (2016). Robust hyperparameter "
        "estimation protects against hypervariable genes and improves power to detect "
        "differential expression. Ann. Appl. Stat. 10:946–963.",
        "10.1214/16-AOAS920",
    ),
    "platt1999": Reference(
        "Platt 1999",
        "Platt JC (1999). Probabilistic outputs for support vector machines and comparisons to "
        "regularized likelihood methods. In: Advances in Large Margin Classifiers, 61–74. "
        "MIT Press.",
    ),
    "slonim2000": Reference(
        "Slonim et al. 2000",
        "Slonim DK, Tamayo P, Mesirov JP, Golub TR, Lander ES (2000). Class prediction and "
        "discovery using gene expression data. Proc. RECOMB, 263–272.",
    ),
    "smyth2004": Reference(
        "Smyth 2004",
        "Smyth GK (2004). Linear models and empirical Bayes methods for assessing differential "
        "expression in microarray experiments. Stat. Appl. Genet. Mol. Biol. 3:3.",
        "10.2202/1544-6115.1027",
    ),
    "tan2003": Reference(
        "Tan & Gilbert 2003",
        "Tan AC, Gilbert D (2003). Ensemble machine learning on gene expression data for cancer "
        "classification. Appl. Bioinformatics 2:S75–S83.",
    ),
    "tibshirani2002": Reference(
        "Tibshirani et al. 2002",
        "Tibshirani R, Hastie T, Narasimhan B, Chu G (2002). Diagnosis of multiple cancer types by "
        "shrunken centroids of gene expression. Proc. Natl Acad. Sci. USA 99:6567–6572.",
        "10.1073/pnas.082099299",
    ),
    "troyanskaya2001": Reference(
        "Troyanskaya et al. 2001",
        "Troyanskaya O, Cantor M, Sherlock G, et al. (2001). Missing value estimation methods for "
        "DNA microarrays. Bioinformatics 17:520–525.",
        "10.1093/bioinformatics/17.6.520",
    ),
    "vandermaaten2008": Reference(
        "van der Maaten & Hinton 2008",
        "van der Maaten L, Hinton G (2008). Visualizing data using t-SNE. J. Mach. Learn. Res. "
        "9:2579–2605.",
    ),
    "westfall1993": Reference(
        "Westfall & Young 1993",
        "Westfall PH, Young SS (1993). Resampling-Based Multiple Testing. Wiley, New York.",
    ),
    "wu2012": Reference(
        "Wu & Smyth 2012",
        "Wu D, Smyth GK (2012). Camera: a competitive gene set test accounting for inter-gene "
        "correlation. Nucleic Acids Res. 40:e133.",
        "10.1093/nar/gks461",
    ),
    "zou2005": Reference(
        "Zou & Hastie 2005",
        "Zou H, Hastie T (2005). Regularization and variable selection via the elastic net. "
        "J. R. Stat. Soc. B 67:301–320.",
        "10.1111/j.1467-9868.2005.00503.x",
    ),
}
