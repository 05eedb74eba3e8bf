"""Our learner beside its peers: seconds a term, micro-AP and Fmax, on real genes.

All get the same features (sequence and expression, no votes), one thread, and as many trees of the same depth. Genes
are trained on outside one fold of homology families and judged in it, the reserved families left out. Learners that fit
one term at a time get some terms, evenly spaced by frequency, and everything is judged on these.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb
from scipy import sparse
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from geneduet import gain, labels, tables
from geneduet.boosting import MultiLabelBooster
from geneduet.evaluation.bootstrap import interval
from geneduet.evaluation.protein_centric import cafa_metrics
from geneduet.evaluation.ranking import micro_ap
from geneduet.files import replace_between
from geneduet.settings import Settings

try:  # not maintained any more, so not among our dependencies: pip install --no-deps mvlearn
    from mvlearn.semi_supervised import CTClassifier
except ImportError:
    CTClassifier = None

TREES, DEPTH, BINS = Settings().trees, Settings().depth, 256
SOME = 16  # terms that learners of one term at a time are fitted to
FEATURES = 690
JUDGED = 2  # fold; the settings were chosen on folds 0 and 1
ITERATIONS = 50  # of CTClassifier by default; fewer are taken, on few terms
NATIVE_TREES = 10  # of multi_output_tree without reduced gradient; its time is extrapolated to TREES


@dataclass
class Split:
    """Genes to learn from and genes to judge; X (genes, features), Y (genes, terms)."""

    X: np.ndarray
    Y: np.ndarray
    X_judged: np.ndarray
    Y_judged: np.ndarray
    family: np.ndarray
    sequence_features: int


def read(folder, aspect, genes, terms, seed=1):
    """A split of a finished run; the terms are the most frequent ones."""
    seen, split = labels.read(folder / "labels" / f"{aspect}.npz"), tables.read(folder / "folds.parquet")
    ids = pd.Index(seen.genes)
    sequence = tables.read_matrix(folder / "views" / "sequence.parquet").reindex(ids).to_numpy(np.float32)
    expression = tables.read_matrix(folder / "inputs" / "expression.parquet").reindex(ids).to_numpy(np.float32)
    X = np.hstack([sequence, expression])[:, :FEATURES]
    fold = split["fold"].to_numpy()
    can = np.flatnonzero(seen.annotated & (fold != JUDGED))
    training = np.sort(np.random.default_rng(seed).permutation(can)[:genes])
    judged = np.flatnonzero(seen.annotated & (fold == JUDGED) & ~split["reserved"].to_numpy())
    Y = seen.positive.toarray().astype(np.float32)
    frequent = np.argsort(-Y[training].sum(axis=0), kind="stable")[:terms]
    return Split(X[training], Y[training][:, frequent], X[judged], Y[judged][:, frequent],
                 split["family"].to_numpy()[judged], sequence.shape[1])  # fmt: skip


def ours(split):
    prior = split.Y.mean(axis=0, keepdims=True)
    model = MultiLabelBooster(Settings(), seed=1)
    model.fit(split.X, split.Y, base=np.repeat(prior, len(split.X), axis=0))
    return model.predict(split.X_judged, np.repeat(prior, len(split.X_judged), axis=0))


def classifier():
    return xgb.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, learning_rate=0.03, n_jobs=1, random_state=1)


def one_classifier_a_term(split):
    scores = []
    for column in split.Y.T:
        scores.append(classifier().fit(split.X, column).predict_proba(split.X_judged)[:, 1])
    return np.array(scores).T


def one_booster_a_term(split):
    data, judged = xgb.QuantileDMatrix(split.X, max_bin=BINS, nthread=1), xgb.DMatrix(split.X_judged, nthread=1)
    scores = []
    for column in split.Y.T:
        data.set_label(column)
        settings = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.03, "nthread": 1, "seed": 1,
                    "base_score": float(column.mean())}  # fmt: skip
        scores.append(xgb.train(settings, data, TREES).predict(judged))
    return np.array(scores).T


def native_multi_output(split):
    data = xgb.QuantileDMatrix(split.X, label=split.Y, max_bin=16, nthread=1)
    settings = {"multi_strategy": "multi_output_tree", "tree_method": "hist", "max_depth": DEPTH, "eta": 0.03,
                "nthread": 1, "seed": 1, "max_bin": 16}  # fmt: skip
    return xgb.train(settings, data, NATIVE_TREES).predict(xgb.DMatrix(split.X_judged, nthread=1))


def forest(kind):
    def learn(split):
        model = kind(TREES, max_features="sqrt", min_samples_leaf=3, n_jobs=1, random_state=1)
        return model.fit(np.nan_to_num(split.X), split.Y).predict(np.nan_to_num(split.X_judged))

    return learn


def co_trained(learner, terms, iterations):
    """CTClassifier; half of the genes without labels. Without a learner it takes its own: Gaussian naive Bayes."""

    def learn(split):
        scores, views = [], [np.nan_to_num(x) for x in (split.X, split.X_judged)]
        cut = split.sequence_features
        for column in split.Y.T[100 : 100 + terms]:
            known = np.where(np.arange(len(column)) % 2, column, np.nan)
            pair = (None, None) if learner is None else (learner(), learner())
            model = CTClassifier(*pair, num_iter=iterations, random_state=1)
            model.fit([views[0][:, :cut], views[0][:, cut:]], known)
            scores.append(model.predict_proba([views[1][:, :cut], views[1][:, cut:]])[:, 1])
        return np.array(scores).T

    return learn


@dataclass
class Measured:
    scores: np.ndarray
    seconds: float


def measure(learn, split):
    """Scores, and the seconds that they took."""
    start = time.perf_counter()
    scores = learn(split)
    return Measured(np.asarray(scores, np.float32), time.perf_counter() - start)


def compare(name, split):
    """A row a learner."""
    terms = split.Y.shape[1]
    some = np.unique(np.linspace(0, terms - 1, SOME).astype(int))
    few = Split(split.X, split.Y[:, some], split.X_judged, split.Y_judged[:, some], split.family, 0)
    truth = few.Y_judged > 0
    every = {
        "GeneDuet": ours,
        "RandomForestRegressor": forest(RandomForestRegressor),
        "ExtraTreesRegressor": forest(ExtraTreesRegressor),
    }
    single = {"XGBClassifier a term": one_classifier_a_term, "booster a term, shared quantiles": one_booster_a_term}
    found = {label: (measure(learn, split), terms) for label, learn in every.items()}
    found |= {label: (measure(learn, few), len(some)) for label, learn in single.items()}
    ours_a_term = found["GeneDuet"][0].seconds / terms

    def on_common(scores):
        return scores if scores.shape[1] == len(some) else scores[:, some]

    rows = []
    for label, (own, fitted) in found.items():
        scores, mine = on_common(own.scores), on_common(found["GeneDuet"][0].scores)
        paired = gain.compare(sparse.csr_array(truth), [scores, mine], split.family, seed=1)
        low, high = interval(paired.resamples[:, 1] - paired.resamples[:, 0])
        rows.append({
            "split": name, "genes": len(split.X), "terms": terms, "learner": label, "terms fitted": fitted,
            "ms a term": 1000 * own.seconds / fitted, "times ours": own.seconds / fitted / ours_a_term,
            "micro-AP": micro_ap(truth, scores),
            "Fmax": cafa_metrics(truth, np.clip(scores, 0, 1), np.ones(len(some)))["fmax"],
            "ours minus it": f"{paired.values[1] - paired.values[0]:+.3f} [{low:+.3f}, {high:+.3f}]",
        })  # fmt: skip
    return rows


def extrapolate(name, split):
    """Peers too slow to be run in full: a part of their trees, or of their iterations and terms, and no accuracy."""
    mine, every = measure(ours, split).seconds / split.Y.shape[1], split.Y.shape[1]
    slow = [
        (
            f"multi_output_tree, not reduced ({NATIVE_TREES} trees, extrapolated)",
            native_multi_output,
            every,
            TREES / NATIVE_TREES,
        )
    ]
    if CTClassifier is not None:
        for label, learner, terms, taken in (("of naive Bayes", None, 2, 5), ("of XGBClassifiers", classifier, 1, 2)):
            label = f"CTClassifier {label} ({taken} of {ITERATIONS} iterations, extrapolated)"
            slow.append((label, co_trained(learner, terms, taken), terms, ITERATIONS / taken))
    rows = []
    for label, learn, fitted, times in slow:
        its = measure(learn, split)
        a_term = its.seconds / fitted * times
        rows.append({"split": name, "genes": len(split.X), "terms": every, "learner": label, "terms fitted": fitted,
                     "ms a term": 1000 * a_term, "times ours": a_term / mine})  # fmt: skip
    return rows


def growth(folder, aspect):
    """Seconds of our fit by genes and by terms, and the exponents of a straight line through their logarithms."""
    rows = []
    for genes in (500, 1000, 2000, 4000):
        for terms in (250, 1000, 4000):
            split = read(folder, aspect, genes, terms)
            if len(split.X) < genes * 0.8 or split.Y.shape[1] < terms:
                continue
            own = measure(ours, split)
            rows.append({"genes": len(split.X), "terms": split.Y.shape[1], "seconds": own.seconds,
                         "micro-AP": micro_ap(split.Y_judged > 0, own.scores)})  # fmt: skip
    table = pd.DataFrame(rows)
    design = np.column_stack([np.log(table[["genes", "terms"]]), np.ones(len(table))])
    exponents = np.linalg.lstsq(design, np.log(table["seconds"]), rcond=None)[0]
    return table, f"Seconds grow as genes^{exponents[0]:.2f} and terms^{exponents[1]:.2f}."


def text(table):
    whole = [column for column in ("genes", "terms", "terms fitted") if column in table]
    return table.astype(dict.fromkeys(whole, int)).fillna("").to_markdown(index=False, floatfmt=".3g")


def main(page, *folders):
    rows = []
    for folder in map(Path, folders):
        for aspect in "PFC":
            rows += compare(f"{folder.name} {aspect}", read(folder, aspect, 1000, 770))
            print(pd.DataFrame(rows).tail(6).to_string(), flush=True)
    first = Path(folders[0])
    rows += extrapolate(f"{first.name} P", read(first, "P", 1000, 770))
    table, exponents = growth(first, "P")
    figures = f"{text(pd.DataFrame(rows))}\n\n{text(table)}\n\n{exponents}"
    Path(page).write_text(replace_between(Path(page).read_text(), "figures", figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
