"""Our learner beside its peers: seconds a term, memory, micro-AP and Fmax, on real genes.

All get the same features (sequence and expression, no votes), one thread, and as many trees of the same depth. Genes
are trained on outside one fold of homology families and judged in it, the reserved families left out. Learners that fit
one term at a time get some terms, evenly spaced by frequency. Each is compared with ours on the terms that it was
fitted to. One runs after the other, each in a process of its own, whose memory can be told.
"""

import sys
from dataclasses import dataclass
from functools import partial
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
from geneduet.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # beside our folder is what benchmarks share
from measure import measure

try:  # not maintained any more, so not among our dependencies: pip install --no-deps mvlearn
    from mvlearn.semi_supervised import CTClassifier
except ImportError:
    CTClassifier = None

TREES, DEPTH, BINS = Settings().trees, Settings().depth, 256
SOME = 16  # terms that learners of one term at a time are fitted to
GENES, TERMS = (500, 1000, 2000, 4000), (250, 1000, 4000)  # of the growth
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
    return draw(folder, labels.read(folder / "labels" / f"{aspect}.npz"), genes, terms, seed)


def draw(folder, seen, genes, terms, seed=1):
    """Some annotated genes of a run to learn from, outside of a fold, and those of the fold to judge."""
    split, ids = tables.read(folder / "folds.parquet"), pd.Index(seen.genes)
    parts = [folder / "views" / "sequence.parquet", *(folder / f / "expression.parquet" for f in ("views", "inputs"))]
    found = [tables.read_matrix(path).reindex(ids).to_numpy(np.float32) for path in parts]
    X, fold = np.hstack(found)[:, :FEATURES], split["fold"].to_numpy()
    can = np.flatnonzero(seen.annotated & (fold != JUDGED))
    training = np.sort(np.random.default_rng(seed).permutation(can)[:genes])
    judged = np.flatnonzero(seen.annotated & (fold == JUDGED) & ~split["reserved"].to_numpy())
    counts = seen.positive[training].sum(axis=0)
    frequent = np.argsort(-counts, kind="stable")[:terms]
    learned, hidden = (seen.positive[rows][:, frequent].toarray().astype(np.float32) for rows in (training, judged))
    return Split(X[training], learned, X[judged], hidden, split["family"].to_numpy()[judged], found[0].shape[1])


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


def forest(kind, split):
    model = kind(TREES, max_features="sqrt", min_samples_leaf=3, n_jobs=1, random_state=1)
    return model.fit(np.nan_to_num(split.X), split.Y).predict(np.nan_to_num(split.X_judged)).astype(np.float32)


def co_trained(learner, terms, iterations, split):
    """CTClassifier; half of the genes without labels. Without a learner it takes its own: Gaussian naive Bayes."""
    scores, views = [], [np.nan_to_num(x) for x in (split.X, split.X_judged)]
    cut = split.sequence_features
    for column in split.Y.T[100 : 100 + terms]:
        known = np.where(np.arange(len(column)) % 2, column, np.nan)
        pair = (None, None) if learner is None else (learner(), learner())
        model = CTClassifier(*pair, num_iter=iterations, random_state=1)
        model.fit([views[0][:, :cut], views[0][:, cut:]], known)
        scores.append(model.predict_proba([views[1][:, :cut], views[1][:, cut:]])[:, 1])
    return np.array(scores).T


EVERY_TERM = {
    "GeneDuet": ours,
    "RandomForestRegressor": partial(forest, RandomForestRegressor),
    "ExtraTreesRegressor": partial(forest, ExtraTreesRegressor),
}
ONE_TERM = {"XGBClassifier a term": one_classifier_a_term, "booster a term, shared quantiles": one_booster_a_term}


def compare(name, split):
    """A row a learner."""
    every = np.arange(split.Y.shape[1])
    some = np.unique(np.linspace(0, len(every) - 1, SOME).astype(int))
    few = Split(split.X, split.Y[:, some], split.X_judged, split.Y_judged[:, some], split.family, 0)
    found = {label: (measure(learn, split), every) for label, learn in EVERY_TERM.items()}
    found |= {label: (measure(learn, few), some) for label, learn in ONE_TERM.items()}
    mine = found["GeneDuet"][0]
    rows = []
    for label, (own, fitted) in found.items():
        truth, scores = split.Y_judged[:, fitted] > 0, {"ours": mine.result[:, fitted], "its": own.result}
        paired = gain.compare(sparse.csr_array(truth), [scores["its"], scores["ours"]], split.family, seed=1)
        low, high = interval(paired.resamples[:, 1] - paired.resamples[:, 0])
        fmax = {
            who: cafa_metrics(truth, np.clip(its, 0, 1), np.ones(len(fitted)))["fmax"] for who, its in scores.items()
        }
        cost = cost_a_term(own, len(fitted), mine.seconds / len(every))
        rows.append({
            **size(name, split), "learner": label, "terms fitted": len(fitted), **cost, "MB": own.megabytes,
            "micro-AP": paired.values[0], "Fmax": fmax["its"], "ours: micro-AP": paired.values[1],
            "ours: Fmax": fmax["ours"],
            "ours minus it": f"{paired.values[1] - paired.values[0]:+.3f} [{low:+.3f}, {high:+.3f}]",
        })  # fmt: skip
    return rows


def size(name, split):
    return {"split": name, "genes": len(split.X), "features": split.X.shape[1], "terms": split.Y.shape[1]}


def cost_a_term(own, fitted, ours_a_term, times=1):
    a_term = own.seconds / fitted * times
    return {"ms a term": 1000 * a_term, "times ours": a_term / ours_a_term}


def extrapolate(name, split):
    """Peers too slow to be run in full: a part of their trees, or of their iterations and terms, and no accuracy."""
    every = split.Y.shape[1]
    ours_a_term = measure(ours, split).seconds / every
    label = f"multi_output_tree, not reduced ({NATIVE_TREES} trees, extrapolated)"
    slow = [(label, native_multi_output, every, TREES / NATIVE_TREES)]
    if CTClassifier is not None:
        for whose, learner, terms, taken in (("of naive Bayes", None, 2, 5), ("of XGBClassifiers", classifier, 1, 2)):
            label = f"CTClassifier {whose} ({taken} of {ITERATIONS} iterations, extrapolated)"
            slow.append((label, partial(co_trained, learner, terms, taken), terms, ITERATIONS / taken))
    rows = []
    for label, learn, fitted, times in slow:
        own = measure(learn, split)
        cost = cost_a_term(own, fitted, ours_a_term, times)
        rows.append({**size(name, split), "learner": label, "terms fitted": fitted, **cost, "MB": own.megabytes})
    return rows


def together(folder):
    """Labels of the three aspects beside each other: the only way to see thousands of terms on real genes."""
    seen = [labels.read(folder / "labels" / f"{aspect}.npz") for aspect in "PFC"]
    positive = sparse.hstack([own.positive for own in seen], format="csr")
    return Together(seen[0].genes, positive, np.any([own.annotated for own in seen], axis=0))


@dataclass
class Together:
    genes: list
    positive: sparse.csr_array
    annotated: np.ndarray


def growth(folder, many_terms):
    """Seconds of our fit by genes and by terms, and the exponents of a straight line through their logarithms."""
    seen, rows = together(many_terms), []
    for genes in GENES:
        for terms in TERMS:
            split = draw(folder, seen, genes, terms)
            own = measure(ours, split)
            accuracy = micro_ap(split.Y_judged > 0, own.result)
            rows.append({"genes": len(split.X), "terms": split.Y.shape[1], "seconds": own.seconds, "MB": own.megabytes,
                         "micro-AP": accuracy})  # fmt: skip
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    design = np.column_stack([np.log(table[["genes", "terms"]]), np.ones(len(table))])
    exponents = np.linalg.lstsq(design, np.log(table["seconds"]), rcond=None)[0]
    return table, f"Seconds grow as genes^{exponents[0]:.2f} and terms^{exponents[1]:.2f}."


def text(table):
    digits = {"genes": ".0f", "features": ".0f", "terms": ".0f", "terms fitted": ".0f", "MB": ".0f"}
    return table.to_markdown(index=False, floatfmt=tuple(digits.get(column, ".3g") for column in table), missingval="")


def main(written, many_terms, *folders):
    folders, rows = list(map(Path, folders)), []
    for folder in folders:
        for aspect in "PFC":
            rows += compare(f"{folder.name} {aspect}", read(folder, aspect, 1000, 770))
            print(pd.DataFrame(rows).tail(5).to_string(), flush=True)
    rows += extrapolate(f"{folders[0].name} P", read(folders[0], "P", 1000, 770))
    table, exponents = growth(folders[0], Path(many_terms))
    Path(written).write_text(f"{text(pd.DataFrame(rows))}\n\n{text(table)}\n\n{exponents}")


if __name__ == "__main__":
    main(*sys.argv[1:])
