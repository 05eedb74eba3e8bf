"""What each family of features, and each electorate, is worth in its view: alone, left out, and added.

Trees as in the product, on genes outside a fold of homology families, judged in it; scores are neither calibrated nor
averaged over models, so that they stand a little below those of a run. The reserved families are left out.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from geneduet import calibration, gain, labels, tables
from geneduet.evaluation.bootstrap import interval
from geneduet.evaluation.protein_centric import cafa_metrics
from geneduet.learners import ViewLearner, make_view
from geneduet.settings import Settings
from geneduet.views import links, reference
from geneduet.views.families import FAMILIES, VOTERS, of_view, voters_of

FOLDS = (0, 1, 2)


def choices(view, names):
    """What is taken, by what it is called: as shipped, all, and one family changed at a time."""
    shipped = [*of_view(view, default=True), *voters_of(view)]
    shipped = [name for name in names if name in shipped]
    found = {"as shipped": shipped, "all": names} | {f"{name} alone": [name] for name in names}
    for name in names:
        if name in shipped:
            found[f"without {name}"] = [other for other in shipped if other != name]
        else:
            found[f"with {name}"] = [*shipped, name]
    return found


def read(folder, view, names, seen):
    """The view of these families and electorates."""
    features = [tables.read_matrix(folder / "views" / view / f"{name}.parquet") for name in names if name in FAMILIES]
    everyone = pd.DataFrame(index=tables.read_matrix(folder / "views" / f"{view}.parquet").index)
    table = pd.concat([everyone, *features], axis=1)
    voters = {name: electorate(folder, name, seen) for name in names if name in VOTERS}
    return make_view(view, table, seen.genes, voters)


def electorate(folder, name, seen):
    if name in ("reference", "domains"):
        return reference.voters(reference.read(folder / name / f"{seen.aspect}.npz"), seen.terms)
    return links.from_table(tables.read(folder / "views" / "links" / f"{name}.parquet"), seen.genes)


def out_of_fold(view, seen, fold):
    """Scores of the genes of some folds, by a model for each that has not seen it; and the seconds of a fit."""
    scores, seconds = np.zeros(seen.positive.shape, np.float32), []
    for k in FOLDS:
        training, judged = seen.annotated & (fold != k), fold == k
        start = time.perf_counter()
        learner = ViewLearner([view], Settings(), 1.0, seed=1).fit(seen, training)
        scores[judged] = learner.predict(seen, training)[judged]
        seconds.append(time.perf_counter() - start)
    return calibration.consistent(np.clip(scores, 0, 1), seen.ancestors), float(np.mean(seconds))


def row(name, scores, whole, seen, judged, family, seconds):
    """Weighted Fmax and micro-AP, and the difference to what is shipped, with an interval over families of genes."""
    truth = seen.positive[judged].toarray() > 0
    paired = gain.compare(sparse.csr_array(truth), [whole[judged], scores[judged]], family[judged], seed=1)
    own, difference = paired.resamples[:, 1], paired.resamples[:, 1] - paired.resamples[:, 0]
    weighted = cafa_metrics(truth, scores[judged], seen.information_accretion)["weighted_fmax"]
    found = {"choice": name, "weighted Fmax": weighted, "micro-AP": paired.values[1], "seconds": seconds}
    found["minus shipped"] = paired.values[1] - paired.values[0]
    for key, values in (("micro-AP", own), ("minus shipped", difference)):
        found[f"{key} low"], found[f"{key} high"] = interval(values)
    return found


def main(folder, aspect, view, written, *names):
    folder = Path(folder)
    seen, split = labels.read(folder / "labels" / f"{aspect}.npz"), tables.read(folder / "folds.parquet")
    fold, family = split["fold"].to_numpy(), split["family"].to_numpy()
    taken, rows, whole = choices(view, list(names)), [], None
    for name, chosen in taken.items():
        own = read(folder, view, chosen, seen)
        judged = seen.annotated & np.isin(fold, FOLDS) & ~split["reserved"].to_numpy() & own.present
        scores, seconds = out_of_fold(own, seen, fold)
        whole = scores if whole is None else whole
        rows.append(row(name, scores, whole, seen, judged, family, seconds))
        print(rows[-1], flush=True)
    prior = np.repeat(seen.positive[seen.annotated].mean(axis=0)[None], len(fold), axis=0).astype(np.float32)
    rows.append(row("naive", prior, whole, seen, judged, family, 0.0))
    pd.DataFrame(rows).assign(organism=folder.name, aspect=aspect, view=view).to_csv(written, sep="\t", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
