"""What each lever of co-training gains: one organism, aspect, seed and level of labels, judged on genes kept apart.

Classic pseudo-labels and what is shipped, each alone and in the stack, all from the same supervised models. The test
genes are those of label efficiency (whole families, a fifth); the reserved families are neither used nor looked at.
Called by the Snakefile here: python levers.py RESULTS ASPECT SEED PERCENT TABLE
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet import baselines, cotraining, crossfit, label_efficiency, labels, stacking, tables, teaching
from geneduet import ontology as go
from geneduet.baselines import EARLY, EXPRESSION, FUSION, SEQUENCE
from geneduet.boosting import MultiLabelBooster
from geneduet.crossfit import CrossFit, Matrix, Task
from geneduet.evaluation.protein_centric import Predicted, ThresholdStatistics
from geneduet.evaluation.ranking import micro_ap
from geneduet.learners import View, ViewLearner, make_view
from geneduet.settings import Settings
from geneduet.stacking import Part
from geneduet.teaching import CROSS, OWN
from geneduet.views import homology, links, vote

LINKS = {SEQUENCE: ("homologues", "homologues_bridges"), EXPRESSION: ("coexpressed", "coexpressed_bridges")}
WEIGHT = 0.3  # of a gene taught by heart
HIDDEN_SHARE = 0.3  # of the genes, whose expression is hidden on purpose
SHRINKAGES = (3, 30)  # average terms that a term's own weights are mixed with
UNKNOWN = 0.5  # weight of a pair that is neither positive nor negative
SHARED = 20  # directions that both views share
REDUCED = 50  # directions of each view among which these are sought


def read(folder: Path, aspect: str, seed: int, percent: int) -> tuple[Task, labels.Labels, NDArray[np.bool_]]:
    """The task with so many labels, the labels of the test genes, and which of all genes have a labelled homologue."""
    ids = tables.read(folder / "inputs" / "genes.parquet")["gene_id"].tolist()
    split = tables.read(folder / "folds.parquet")
    family, fold = split["family"].to_numpy(), split["fold"].to_numpy()
    annotated = np.any([labels.read(folder / "labels" / f"{own}.npz").annotated for own in go.ASPECTS], axis=0)
    test = label_efficiency.test_genes(split, annotated, seed, "development")
    kept = label_efficiency.labelled_genes(annotated, test, percent, seed)
    hidden = {gene for gene, known, keeps in zip(ids, annotated, kept, strict=True) if known and not keeps}
    rows, graph = tables.read(folder / "inputs" / "annotations.parquet"), go.read(folder / "inputs" / "ontology.npz")
    seen, judged = labels.make(aspect, ids, rows, graph, hidden, 10)
    voters = {
        view: {name: links.from_table(tables.read(folder / "views" / "links" / f"{name}.parquet"), ids) for name in own}
        for view, own in LINKS.items()
    }
    views = {
        view: make_view(view, tables.read_matrix(folder / "views" / f"{view}.parquet"), ids, own)
        for view, own in voters.items()
    }
    task = Task(seen, views, voters[SEQUENCE], fold, family, int(fold.max()) + 1, Settings(), 1.0, 1)
    hits = tables.read(folder / "views" / "homologues.parquet")
    free = judged.annotated & test & ~split["reserved"].to_numpy()
    known = homology.with_homologue(hits, ids, seen.annotated, fold)
    return task, replace(judged, annotated=free), known


class ByHeart(ViewLearner):
    """Classic pseudo-labels: unlabelled genes are learned as if the teacher's scores were their labels."""

    def learn(self, own: labels.Labels, training: NDArray[np.bool_], told: Matrix, taught: NDArray[np.bool_]) -> Matrix:
        """Fit, and score all genes."""
        X, base = self.describe(own, training)
        rows = np.flatnonzero((training | taught) & self.present)
        target = np.where(training[:, None], own.positive.toarray(), np.clip(told, 0, 1)).astype(np.float32)
        weight = np.where(training, 1.0, WEIGHT).astype(np.float32)[:, None]
        self.booster = MultiLabelBooster(self.settings, self.seed).fit(X[rows], target[rows], weight[rows], base[rows])
        return self.predict(own, training)


def by_heart(
    task: Task, teachers: Mapping[str, Sequence[Matrix]], who: Mapping[str, str], share: float
) -> dict[str, Part]:
    """Students that learn what their teachers say by heart, of the share of genes of which these are most certain."""
    views = baselines.learned_models(task)
    spoken = {**teachers, **baselines.fuse(task, teachers)}
    students = {}
    for name, teacher in who.items():
        pairs = []
        for number, pair in enumerate(task.pairs):
            training, told = task.training(*pair), spoken[teacher][number]
            free = np.flatnonzero(~training & task.present([SEQUENCE, EXPRESSION]))
            departure = np.abs(told - vote.naive(task.labels.positive, training)).sum(axis=1)[free]
            taught = np.zeros(len(training), bool)
            taught[free[np.argsort(-departure, kind="stable")[: int(np.ceil(share * len(free)))]]] = True
            learner = ByHeart([task.views[view] for view in views[name]], task.settings, 1.0, 1 + number)
            pairs.append(learner.learn(task.labels, training, told, taught))
        students[f"{name}_student"] = Part(views[name], pairs)
    return students


def stacked(task: Task, parts: Mapping[str, Part]) -> Sequence[Matrix]:
    """The parts in one score, calibrated."""
    return crossfit.calibrate(task, "stack", stacking.stack(task, parts).raw, task.present_in_any(), None)


def stacked_by_term(task: Task, parts: Mapping[str, Part], terms: float) -> Sequence[Matrix]:
    """The parts in one score with weights for each term, shrunk to those of the aspect by so many average terms."""
    raw = []
    for k in range(task.folds):
        training = task.training(k)
        prior = vote.naive(task.labels.positive, training)
        departures = {name: crossfit.uncalibrated(task, part.by_pair, k) - prior for name, part in parts.items()}
        target = task.labels.positive.toarray() - prior
        scores = np.repeat(prior[None], len(training), axis=0)
        for views in stacking._subsets(list(task.views)):
            genes = task.present(views) & ~np.any(
                [own.present for name, own in task.views.items() if name not in views], axis=0
            )
            usable = [own for name, own in departures.items() if set(parts[name].views) <= set(views)]
            rows = training & task.present(views)
            gram = np.array([[(a[rows] * b[rows]).sum(axis=0, dtype=np.float64) for b in usable] for a in usable])
            right = np.array([(a[rows] * target[rows]).sum(axis=0, dtype=np.float64) for a in usable])
            gram += terms * gram.mean(axis=2, keepdims=True)
            right += terms * right.mean(axis=1, keepdims=True)
            for term in range(len(prior)):
                weights = vote.non_negative(gram[:, :, term], right[:, term])
                scores[genes, term] += sum(w * own[genes, term] for w, own in zip(weights, usable, strict=True))
        raw.append(scores)
    return crossfit.calibrate(task, "by_term", raw, task.present_in_any(), None)


def with_shared_directions(task: Task) -> Task:
    """The task where each view also has its part of the directions in which both vary together (Hotelling 1936).

    Canonical correlation of all genes that have both, labelled or not, after each view is reduced by PCA.
    """
    both = task.present([SEQUENCE, EXPRESSION])
    reduced, whitened = {}, {}
    for name in (SEQUENCE, EXPRESSION):
        X = task.views[name].features.astype(np.float64)
        mean = np.nanmean(X[both], axis=0)
        X = np.where(np.isnan(X), mean, X)
        X = (X - mean) / np.maximum(X[both].std(axis=0), 1e-9)
        left, size, right = np.linalg.svd(X[both], full_matrices=False)
        reduced[name] = X @ right[:REDUCED].T / size[:REDUCED]
        whitened[name] = left[:, :REDUCED]
    left, _, right = np.linalg.svd(whitened[SEQUENCE].T @ whitened[EXPRESSION])
    directions = {SEQUENCE: left[:, :SHARED], EXPRESSION: right[:SHARED].T}
    views = {}
    for name, own in task.views.items():
        shared = np.where(own.present[:, None], reduced[name] @ directions[name], np.nan).astype(np.float32)
        columns = own.columns + [f"{name}:shared_{number}" for number in range(SHARED)]
        views[name] = replace(own, features=np.hstack([own.features, shared]), columns=columns)
    return replace(task, views=views)


def fused(task: Task, students: Mapping[str, Part]) -> Sequence[Matrix]:
    """The plain fusion, mean of late and early, of students."""
    calibrated = {
        name.removesuffix("_student"): crossfit.calibrate(
            task, name, crossfit._chains(task, part.by_pair), task.present(part.views), None
        )
        for name, part in students.items()
    }
    return baselines.fuse(task, baselines.complete(task, calibrated))[FUSION]


def variants(task: Task, learned: Mapping[str, CrossFit]) -> dict[str, Sequence[Matrix]]:
    """Scores of every lever, by chain."""
    single, own, raw = baselines.by_fold(learned), teaching.parts(task, learned, {}), baselines.by_pair(learned)
    found = {**single, **baselines.fuse(task, single), "weighted fusion": stacked(task, own)}
    for name, who, share in (
        ("by heart, own, all", OWN, 1.0),
        ("by heart, cross, all", CROSS, 1.0),
        ("by heart, cross, most certain quarter", CROSS, 0.25),
    ):
        students = by_heart(task, raw, who, share)
        found[f"{name}: plain fusion"] = fused(task, students)
        found[f"{name}: stack"] = stacked(task, own | students)
    for name, who in (("own", OWN), ("cross", CROSS)):
        for made in teaching.teach(task, learned, who, 3 if who is CROSS else 2, "x", None):
            found[f"heard, {name}, round {made.number}: stack"] = made.by_fold
            if made.number == 2 and who is CROSS:
                parts = teaching.parts(task, learned, made.students)
                for terms in SHRINKAGES:
                    by_term = stacked_by_term(task, parts, terms)
                    found[f"heard, cross, round 2: stack by term, shrunk by {terms} terms"] = by_term
            if made.number == 1 and who is CROSS:
                parts = teaching.parts(task, learned, made.students)
                for left in (SEQUENCE, EXPRESSION, EARLY):
                    some = {part: one for part, one in parts.items() if part != f"{left}_student"}
                    found[f"heard, cross, round 1, no {left} student: stack"] = stacked(task, some)
                students = {part: one for part, one in parts.items() if part.endswith("_student")}
                found["heard, cross, round 1: plain fusion of the students"] = fused(task, students)
    return found


def refitted(task: Task, place: Path) -> dict[str, Sequence[Matrix]]:
    """Weighted fusion of supervised models that are fitted in another way."""
    found = {}
    for name, changed in (
        (f"weighted fusion, unknown pairs weigh {UNKNOWN}", replace(task, unknown_weight=UNKNOWN)),
        ("weighted fusion, with shared directions", with_shared_directions(task)),
    ):
        learned = baselines.fit_supervised(changed, place / name)
        found[name] = stacked(changed, teaching.parts(changed, learned, {}))
    return found


def hide_expression(task: Task, seed: int) -> tuple[Task, NDArray[np.bool_]]:
    """The task where a share of the unlabelled genes has no expression, and which."""
    without = np.random.default_rng(seed).random(len(task.fold)) < HIDDEN_SHARE
    without &= ~task.labels.annotated & task.views[EXPRESSION].present
    view = task.views[EXPRESSION]
    features = view.features.copy()
    features[without] = np.nan
    seen = sparse.diags_array((~without).astype(float))
    voters = {}
    for name, own in view.voters.items():
        assert isinstance(own, vote.Neighbours)
        voters[name] = vote.Neighbours(sparse.csr_array(seen @ own.weights @ seen), own.copies)
    hidden = View(view.name, features, view.columns, view.present & ~without, voters)
    return replace(task, views={**task.views, EXPRESSION: hidden}), without


def measure(
    task: Task, judged: labels.Labels, genes: NDArray[np.bool_], by_fold: Sequence[Matrix]
) -> tuple[float, float]:
    """Micro-AP and weighted Fmax on some genes."""
    truth, scores = judged.positive[genes].toarray(), task.finish(by_fold)[genes]
    bits = np.nan_to_num(judged.information_accretion, nan=0, posinf=0, neginf=0)
    f = ThresholdStatistics.count(truth, Predicted.of(scores), bits).f_measure(np.ones((1, len(truth))))
    return micro_ap(truth, scores), float(f.max())


def main(folder: Path, aspect: str, seed: int, percent: int, table: Path) -> None:
    """Write organism, aspect, seed, percent, n_labels, gene_set, variant, micro_ap, weighted_fmax, n_genes."""
    task, judged, known = read(folder, aspect, seed, percent)
    rows: list[tuple[object, ...]] = []

    def judge(found: Mapping[str, Sequence[Matrix]], sets: Mapping[str, NDArray[np.bool_]]) -> None:
        for gene_set, genes in sets.items():
            if genes.sum() >= 10:
                rows.extend(
                    (gene_set, name, *measure(task, judged, genes, own), int(genes.sum()))
                    for name, own in found.items()
                )

    test = judged.annotated
    with tempfile.TemporaryDirectory() as place:
        judge(
            variants(task, baselines.fit_supervised(task, Path(place, "all"))) | refitted(task, Path(place)),
            {"all": test, "orphan": test & ~known, "with_homologue": test & known},
        )
        fewer, without = hide_expression(task, seed)
        learned = baselines.fit_supervised(fewer, Path(place, "hidden"))
        simple = baselines.calibrated(fewer, baselines.untrained(fewer), Path(place))
        outcome = cotraining.cotrain(fewer, simple, learned, 2, Path(place, "cotraining"))
        judge(
            {"sequence": learned[SEQUENCE].by_fold, "co-training": outcome.models["co_training"]},
            {"expression_hidden": test & without},
        )
    columns = ["gene_set", "variant", "micro_ap", "weighted_fmax", "n_genes"]
    made = pd.DataFrame(rows, columns=columns).assign(
        organism=folder.name, aspect=aspect, seed=seed, percent=percent, n_labels=int(task.labels.annotated.sum())
    )
    tables.write_tsv(table, made)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
