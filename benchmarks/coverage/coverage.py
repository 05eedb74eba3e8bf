"""Do the bootstrap intervals over homology families cover? Simulations from a population whose true values are known.

Families of genes are drawn from a population of which each metric's true value is known (its value on 200,000
families); each time the product's own intervals are made, and it is counted how often they hold the truth. A label is
a liability above a threshold, part of it shared by the family; a model sees the liability through noise, part of it
shared by the family and by both models, and gives the probability that follows: calibrated scores, correlated models.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import norm

from geneduet.evaluation.bootstrap import CONFIDENCE, interval, resample
from geneduet.evaluation.judgement import Judged, Setting, evaluate
from geneduet.evaluation.protein_centric import THRESHOLDS, Predicted, ThresholdStatistics
from geneduet.evaluation.ranking import micro_ap, micro_ranking
from geneduet.files import replace_between

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]

# families of E. coli K-12 by size, as `homology.families` finds them at 30% identity and coverage
FAMILIES_OF_SIZE = {
    1: 2669, 2: 300, 3: 81, 4: 24, 5: 19, 6: 12, 7: 6, 8: 3, 9: 2, 10: 4, 11: 3, 12: 3, 13: 1, 15: 3, 16: 1, 18: 1,
    19: 1, 40: 1, 44: 1, 77: 1,
}  # fmt: skip
PREVALENCE = 0.3 / np.arange(1, 61) ** 0.8  # of the terms: few frequent, many rare; mean 0.036, least 0.011
BITS = -np.log2(PREVALENCE)
FAMILY_SHARE = 0.7  # of the variance of a liability
ERROR_OF_FAMILY = 0.5  # share of the variance of a model's error that is the family's
ERROR_OF_BOTH = 0.5  # share of the variance of a model's error that both models have
FOLDS = 5
TRUE_FAMILIES, CHUNK = 200_000, 10_000
METRICS = ("micro_ap", "fmax", "f_fixed", "weighted_fmax", "smin")
INTERVALS = ("percentile", "basic", "bias_corrected", "bca")
ESTIMANDS = (
    "micro_ap", "micro_ap_difference", "fmax", "fmax_difference", "f_fixed", "weighted_fmax",
    "weighted_fmax_difference", "smin",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Genes drawn by families; those without a true term, which are not judged, are left out.

    Parameters
    ----------
    family, fold : (genes,).
    truth : (genes, terms).
    scores : of models A and B, each (genes, terms).
    """

    family: NDArray[np.int64]
    fold: NDArray[np.int64]
    truth: NDArray[np.bool_]
    scores: dict[str, Scores]

    def judged(self, weights: Floats) -> Judged:
        """What the product judges by: all these genes.

        Parameters
        ----------
        weights : (rows, genes), how often each gene counts.
        """
        return Judged(
            rows=np.ones(len(self.truth), bool),
            truth=self.truth,
            counted=None,
            by_pair=False,
            weights=weights,
            families=self.family,
            fold=self.fold,
            accretion=BITS,
            information_content=BITS,
        )


@dataclass(frozen=True)
class Population:
    """Families without end, and two models.

    Parameters
    ----------
    noise : of each model, its variance; that of the liability is 1.
    largest : families of more genes than these are left out.
    """

    noise: dict[str, float]
    largest: int = max(FAMILIES_OF_SIZE)

    def draw(self, families: int, random: np.random.Generator) -> Sample:
        """Draw families.

        Parameters
        ----------
        families : how many; some may turn out without a gene to judge.
        """
        sizes, number = np.array([item for item in FAMILIES_OF_SIZE.items() if item[0] <= self.largest]).T
        size = random.choice(sizes, families, p=number / number.sum())
        family = np.repeat(np.arange(families), size)
        fold = np.repeat(random.permutation(families) % FOLDS, size)
        shape = (len(family), len(PREVALENCE))

        def mixed(share: float) -> Scores:
            """Standard normal, this share of its variance the family's."""
            of_family = random.standard_normal((families, shape[1]), np.float32)[family]
            of_gene = random.standard_normal(shape, np.float32)
            return np.asarray(np.sqrt(share) * of_family + np.sqrt(1 - share) * of_gene, np.float32)

        threshold = -norm.ppf(PREVALENCE).astype(np.float32)
        liability, common = mixed(FAMILY_SHARE), mixed(ERROR_OF_FAMILY)
        truth = liability > threshold
        judged = truth.any(axis=1)
        scores = {}
        for model, variance in self.noise.items():
            error = np.sqrt(ERROR_OF_BOTH) * common + np.sqrt(1 - ERROR_OF_BOTH) * mixed(ERROR_OF_FAMILY)
            seen = liability + np.float32(np.sqrt(variance)) * error
            # the liability given what is seen of it is normal again
            scores[model] = ndtr((seen / (1 + variance) - threshold) / np.sqrt(variance / (1 + variance)))[judged]
        kept = {model: own.astype(np.float32) for model, own in scores.items()}
        return Sample(family[judged], fold[judged], truth[judged], kept)


POPULATIONS = {
    "A better": Population({"A": 1.3, "B": 1.5}),
    "A and B equal": Population({"A": 1.5, "B": 1.5}),
    "A better, families of 5 genes at most": Population({"A": 1.3, "B": 1.5}, largest=5),
}


# --- the truth


def threshold_curves(truth: NDArray[np.bool_], scores: Scores) -> Mapping[str, Floats]:
    """At each threshold the means over genes that Fmax, weighted Fmax and Smin are made of; also `genes`."""
    sums: dict[str, Floats] = {}
    for start in range(0, len(truth), CHUNK):
        part = slice(start, start + CHUNK)
        predicted, ones = Predicted.of(scores[part]), np.ones((1, len(truth[part])))
        for kind, term_weights in (("plain", np.ones(len(BITS))), ("weighted", BITS)):
            found = ThresholdStatistics.count(truth[part], predicted, term_weights)
            covered = found.covered(ones)[0]
            means = {
                "covered": covered,
                "precision": found.precision(ones)[0] * covered,
                "recall": found.recall(ones)[0],
                "uncertainty": (found.truth[:, None] - found.correct).mean(axis=0),
                "misinformation": (found.predicted - found.correct).mean(axis=0),
            }
            for name, values in means.items():
                key = f"{kind}_{name}"
                sums[key] = sums.get(key, np.zeros(len(THRESHOLDS))) + values * ones.sum()
    return {name: values / len(truth) for name, values in sums.items()}


def f_measure(curves: Mapping[str, Floats], kind: str, places: NDArray[np.intp] | None = None) -> Floats:
    """F at each threshold; with `places` of as many genes, F where each gene has a threshold of its own."""

    def at(name: str) -> Floats:
        values = curves[f"{kind}_{name}"]
        return values if places is None else np.asarray(values[places].mean())

    precision, recall = at("precision") / at("covered"), at("recall")
    return np.asarray(2 * precision * recall / (precision + recall))


@dataclass(frozen=True)
class Truth:
    """What is true in the population: metrics by model, and the curves from which F at any threshold follows."""

    metrics: dict[str, dict[str, float]]
    curves: dict[str, Mapping[str, Floats]]

    @classmethod
    def of(cls, sample: Sample) -> "Truth":
        """Take the values on a huge sample for the truth."""
        curves = {model: threshold_curves(sample.truth, own) for model, own in sample.scores.items()}
        metrics = {
            model: {
                "micro_ap": micro_ap(sample.truth, sample.scores[model]),
                "fmax": float(np.nanmax(f_measure(own, "plain"))),
                "weighted_fmax": float(np.nanmax(f_measure(own, "weighted"))),
                "smin": float(np.hypot(own["weighted_uncertainty"], own["weighted_misinformation"]).min()),
            }
            for model, own in curves.items()
        }
        return cls(metrics, curves)

    def levelled(self) -> "Truth":
        """Both models at their mean: they are known to be equal, so that the true differences are 0."""
        mean = {metric: (value + self.metrics["B"][metric]) / 2 for metric, value in self.metrics["A"].items()}
        curve = {name: (values + self.curves["B"][name]) / 2 for name, values in self.curves["A"].items()}
        return Truth(dict.fromkeys("AB", mean), dict.fromkeys("AB", curve))


# --- intervals


def other_intervals(values: Floats, left_out: Floats) -> dict[str, tuple[float, float]]:
    """Other bootstrap intervals (Davison and Hinkley 1997, chapter 5).

    Parameters
    ----------
    values : (1 + resamples,), the first the value itself.
    left_out : (families,), the value without each family, for the acceleration of BCa.
    """
    value, resampled = values[0], values[1:]
    ends = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    low, high = np.quantile(resampled, ends)
    below = np.clip((np.sum(resampled < value) + np.sum(resampled == value) / 2) / len(resampled), 1e-3, 1 - 1e-3)
    bias = norm.ppf(below)
    influence = left_out.mean() - left_out
    spread = np.sum(influence**2)
    acceleration = np.sum(influence**3) / (6 * spread**1.5) if spread else 0.0

    def at(acceleration: float) -> tuple[float, float]:
        z = bias + norm.ppf(ends)
        first, last = np.quantile(resampled, norm.cdf(bias + z / (1 - acceleration * z)))
        return float(first), float(last)

    return {
        "basic": (2 * value - high, 2 * value - low),
        "bias_corrected": at(0.0),
        "bca": at(acceleration),
    }


def one(population: Population, truth: Truth, families: int, resamples: int, seed: int) -> Iterator[dict[str, object]]:
    """One simulation: for each estimand and interval what it is, what was found, and the interval's ends."""
    sample = population.draw(families, np.random.default_rng(np.random.SeedSequence([seed, families])))
    count = len(np.unique(sample.family))
    # the first row is the data as they are, then the resamples, then the data without each family
    rows = np.vstack([resample(sample.family, resamples, seed), without_each(sample.family)])
    judged = sample.judged(rows)
    measured = {model: measure_quickly(judged, own) for model, own in sample.scores.items()}
    # of F at a threshold fixed out-of-fold the estimand is F at that threshold in the population
    true = {model: {**truth.metrics[model], "f_fixed": fixed_truth(truth, model, sample)} for model in "AB"}
    found: dict[str, tuple[float, Floats]] = {}
    for metric in METRICS:
        a, b = (true[model][metric] for model in "AB")
        found[metric] = a, measured["A"][metric]
        found[f"{metric}_difference"] = a - b, measured["A"][metric] - measured["B"][metric]
    for estimand in ESTIMANDS:
        value, values = found[estimand]
        own, left_out = values[: 1 + resamples], values[1 + resamples :]
        ends = {"percentile": interval(own[1:]), **other_intervals(own, left_out)}
        for kind, (low, high) in ends.items():
            yield {
                "families": families, "seed": seed, "estimand": estimand, "interval": kind, "true": value,
                "value": own[0], "mean_resampled": own[1:].mean(), "low": low, "high": high,
                "judged_families": count, "genes": len(sample.truth),
            }  # fmt: skip


def without_each(family: NDArray[np.int64]) -> Floats:
    """Weights that leave out one family each: (families, genes)."""
    return (family[None] != np.unique(family)[:, None]).astype(np.float64)


def measure_quickly(judged: Judged, scores: Scores) -> dict[str, Floats]:
    """Those of the product's metrics that are looked at here; `agrees_with_the_product` holds them against all."""
    weights, predicted = judged.weights, Predicted.of(scores)
    plain = ThresholdStatistics.count(judged.truth, predicted, np.ones(len(BITS)))
    weighted = ThresholdStatistics.count(judged.truth, predicted, judged.accretion)
    return {
        "fmax": plain.f_measure(weights).max(axis=1),
        "f_fixed": plain.f_measure_at(plain.fixed(judged.fold), weights),
        "weighted_fmax": weighted.f_measure(weights).max(axis=1),
        "smin": weighted.least_distance(weights, plain.covered(weights) > 0),
        "micro_ap": micro_ranking(judged.truth, scores, weights)["micro_ap"],
    }


def fixed_truth(truth: Truth, model: str, sample: Sample) -> float:
    """F in the population where genes have the thresholds that were found in the sample, out-of-fold."""
    predicted = Predicted.of(sample.scores[model])
    places = ThresholdStatistics.count(sample.truth, predicted, np.ones(len(BITS))).fixed(sample.fold)
    return float(f_measure(truth.curves[model], "plain", places))


def agrees_with_the_product(population: Population, resamples: int) -> None:
    """Stop where `evaluate`, which writes the tables of a run, gives other intervals than this script."""
    sample = population.draw(150, np.random.default_rng(1))
    judged = sample.judged(resample(sample.family, resamples, seed=1))
    # names that the product pairs: A is held against B
    scores = {"co_training": sample.scores["A"], "sequence": sample.scores["B"]}
    metrics, comparisons = evaluate(scores, judged, Setting("", "", ""))
    a, b = (measure_quickly(judged, sample.scores[model]) for model in "AB")
    for metric in METRICS:
        row = metrics.query("model == 'co_training' and metric == @metric").iloc[0]
        np.testing.assert_allclose((row["ci_low"], row["ci_high"]), interval(a[metric][1:]))
    row = comparisons.query("metric == 'micro_ap'").iloc[0]
    np.testing.assert_allclose((row["ci_low"], row["ci_high"]), interval((a["micro_ap"] - b["micro_ap"])[1:]))


# --- the table


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage in percent with its binomial standard error, bias in standard errors, and width, by estimand."""
    rows = rows.assign(
        covers=(rows["low"] <= rows["true"]) & (rows["true"] <= rows["high"]),
        below=rows["high"] < rows["true"],
        width=rows["high"] - rows["low"],
        error=rows["value"] - rows["true"],
    )
    grouped = rows.groupby(["population", "families", "estimand", "interval"], sort=False)
    share, number = grouped["covers"].mean(), grouped.size()
    return pd.DataFrame(
        {
            "coverage": 100 * share,
            "standard_error": 100 * np.sqrt(share * (1 - share) / number),
            "too_low": 100 * grouped["below"].mean(),
            "true": grouped["true"].mean(),
            "bias": grouped["error"].mean(),
            "sd": grouped["value"].std(),
            "width": grouped["width"].mean(),
            "n": number,
        }
    ).reset_index()


def markdown(summary: pd.DataFrame) -> str:
    """Two tables: the product's interval in full, and the coverage of the others."""
    own = summary[summary["interval"] == "percentile"]
    lines = [
        "| population | families | estimand | true | bias | sd | mean width | covers, % | interval too low, % |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in own.itertuples():
        lines.append(
            f"| {row.population} | {row.families} | {row.estimand} | {row.true:.3f} | {row.bias:+.4f} | {row.sd:.4f} | "
            f"{row.width:.3f} | {row.coverage:.1f} ± {row.standard_error:.1f} | {row.too_low:.1f} |"
        )
    lines += ["", "Coverage in percent of other intervals from the same resamples:", ""]
    lines += [
        "| population | families | estimand | " + " | ".join(INTERVALS) + " |",
        "| --- | --- | --- |" + " --- |" * len(INTERVALS),
    ]
    wide = summary.pivot_table(
        index=["population", "families", "estimand"], columns="interval", values="coverage", sort=False
    )
    for cells in wide.reset_index().to_dict("records"):
        shares = " | ".join(f"{cells[kind]:.1f}" for kind in INTERVALS)
        lines.append(f"| {cells['population']} | {cells['families']} | {cells['estimand']} | {shares} |")
    return "\n".join(lines)


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", type=Path, help="Markdown file with the two marks between which the tables go")
    parser.add_argument("--rows", type=Path, help="where to write each simulation's intervals (Parquet)")
    parser.add_argument("--simulations", type=int, default=500)
    parser.add_argument("--families", type=int, nargs="+", default=[150, 600])
    parser.add_argument(
        "--resamples", type=int, default=200, help="fewer than the default of evaluation.bootstrap, to be done in time"
    )
    given = parser.parse_args()
    parts = []
    for name, population in POPULATIONS.items():
        agrees_with_the_product(population, given.resamples)
        truth = Truth.of(population.draw(TRUE_FAMILIES, np.random.default_rng(0)))
        if len(set(population.noise.values())) == 1:
            truth = truth.levelled()
        say(f"{name}: {truth.metrics}")
        for families in given.families:
            rows = (
                row
                for seed in range(1, given.simulations + 1)
                for row in one(population, truth, families, given.resamples, seed)
            )
            parts.append(pd.DataFrame(rows).assign(population=name))
            say(f"{name}: {given.simulations} simulations of {families} families done")
    everything = pd.concat(parts, ignore_index=True)
    if given.rows is not None:
        everything.to_parquet(given.rows)
    text = markdown(summarise(everything))
    given.readme.write_text(replace_between(given.readme.read_text(), "figures", text))
    say(text)


if __name__ == "__main__":
    main()
