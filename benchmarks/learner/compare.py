"""Our learner beside one XGBoost model a term, on the demo organism's sequences (aspect F): time and micro-AP.

One fold of homology families is held out; all learners get the same features (of the sequence alone, no votes), the
same number of trees and one thread. The one-a-term learner is fitted on every eighth term, and both are judged there.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

from geneduet import annotations, evaluation, labels, ontology, splits, tables
from geneduet.boosting import MultiLabelBooster
from geneduet.proteome import read_proteome
from geneduet.settings import Settings
from geneduet.views import homology, sequence

DEMO = Path(__file__).parents[2] / "resources" / "demo"
TREES = 60


def demo():
    """Features, labels of aspect F, and which labelled genes are trained on."""
    proteins = read_proteome(DEMO / "proteome.fasta.gz")
    genes, sequences = proteins["gene_id"].tolist(), proteins["sequence"].tolist()
    graph = ontology.read_obo(DEMO / "ontology.obo.gz")
    rows, _ = annotations.join_genes(annotations.read_annotations(DEMO / "annotations.tsv.gz"), genes)
    chosen, _ = annotations.select(rows, graph, ["IEA"])
    seen, _ = labels.make("F", genes, chosen, graph, hidden=[], min_positives=10)
    hits = homology.search(genes, sequences, homology.choose_engine("auto"), 1e-3, threads=1)
    family = homology.families(hits, genes, 0.3, 0.3)
    fold = splits.assign_folds(family, seen.annotated, 5, seed=1)
    X = sequence.features(genes, sequences).to_numpy(np.float32)
    Y = seen.positive.toarray().astype(np.float32)
    return X, Y, seen.annotated & (fold != 0), seen.annotated & (fold == 0)


def ours(X, Y, train, test):
    prior = np.repeat(Y[train].mean(axis=0, keepdims=True), len(X), axis=0)
    model = MultiLabelBooster(Settings(trees=TREES), seed=1).fit(X[train], Y[train], base=prior[train])
    return model.predict(X[test], prior[test])


def one_a_term(X, Y, train, test, objective="binary:logistic"):
    data, judged = xgb.QuantileDMatrix(X[train], max_bin=64, nthread=1), xgb.DMatrix(X[test], nthread=1)
    settings = {
        "objective": objective,
        "max_depth": 6,
        "eta": 0.1,
        "nthread": 1,
        "subsample": 0.8,
        "seed": 1,
        "max_bin": 64,
    }
    scores = []
    for column in Y.T:
        data.set_label(column[train])
        scores.append(xgb.train(settings | {"base_score": float(column[train].mean())}, data, TREES).predict(judged))
    return np.array(scores).T


def main(target):
    X, Y, train, test = demo()
    some = np.arange(0, Y.shape[1], 8)
    rows = []
    for name, learn, terms in (
        ("geneduet, all terms at once", ours, np.arange(Y.shape[1])),
        ("one XGBoost booster a term, shared quantiles", one_a_term, some),
    ):
        start = time.perf_counter()
        scores = learn(X, Y[:, terms], train, test)
        seconds = time.perf_counter() - start
        judged = np.flatnonzero(np.isin(terms, some))
        rows.append(
            {
                "learner": name,
                "training_genes": int(train.sum()),
                "terms_fitted": len(terms),
                "seconds_a_term": seconds / len(terms),
                "micro_ap_on_common_terms": evaluation.micro_ap(
                    Y[test][:, some] > 0, scores[:, judged].astype(np.float32)
                ),
            }
        )
    table = pd.DataFrame(rows)
    tables.write_tsv(target, table, decimals=3)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
