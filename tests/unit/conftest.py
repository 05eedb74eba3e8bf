"""A simulated organism for the learners: small enough that a model is fitted in a fraction of a second."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from geneduet.crossfit import Task
from geneduet.labels import Labels
from geneduet.learners import View
from geneduet.settings import Settings
from geneduet.views.vote import Neighbours

GENES, FAMILY, LABELLED, FOLDS = 150, 3, 105, 4
PARENTS, CHILDREN = 4, 8  # each parent term has two children


def _links(pairs, weight, copies=()):
    weights, same = np.zeros((GENES, GENES)), np.zeros((GENES, GENES), bool)
    for i, j in pairs:
        weights[i, j] = weights[j, i] = weight(i, j)
    for i, j in copies:
        same[i, j] = same[j, i] = True
    return Neighbours(sparse.csr_array(weights), sparse.csr_array(same))


def _ancestors():
    closure = np.eye(PARENTS + CHILDREN, dtype=bool)
    for child in range(CHILDREN):
        closure[PARENTS + child, child // 2] = True
    return sparse.csr_array(closure)


@pytest.fixture(scope="session")
def simulated() -> Task:
    """150 genes in families of three, 105 labelled, 12 terms, two views that both tell something.

    Each gene has one or two of 8 functions, mostly those of its family. The features of a view are the functions,
    blurred. Homologues are the family, but in each fifth family; in some families the last gene is a copy of the one
    before. Co-expressed genes share a function more often than not. Each tenth gene has no expression.
    """
    random = np.random.default_rng(1)
    family = np.repeat(np.arange(GENES // FAMILY), FAMILY)
    function = np.zeros((GENES, CHILDREN), bool)
    for gene in range(GENES):
        if gene % FAMILY and random.random() < 0.7:
            function[gene] = function[gene - 1]
        else:
            function[gene, random.choice(CHILDREN, size=random.integers(1, 3), replace=False)] = True
    truth = np.hstack([function[:, ::2] | function[:, 1::2], function])
    annotated = np.zeros(GENES, bool)
    annotated[random.choice(GENES, LABELLED, replace=False)] = True
    negative = (random.random(truth.shape) < 0.02) & ~truth & annotated[:, None]
    negative[:, :PARENTS] = False  # a NOT on a parent would hold for its children too

    relatives = [(i, i + step) for i in range(GENES) for step in (1, 2) if i + step < GENES]
    relatives = [(i, j) for i, j in relatives if family[i] == family[j] and family[i] % 5]
    copies = [(3 * number + 1, 3 * number + 2) for number in range(1, GENES // FAMILY, 10)]
    shared = function.astype(int) @ function.T
    partners = [(i, j) for i in range(GENES) for j in range(i) if random.random() < (0.06 if shared[i, j] else 0.02)]
    score = random.uniform(50, 400, (GENES, GENES))

    def view(name, blur, voters, present):
        told = function + random.normal(0, blur, function.shape)
        features = np.hstack([told, random.normal(size=(GENES, 4))]).astype(np.float32)
        features[~present] = np.nan
        return View(name, features, [f"{name}:{number}" for number in range(12)], present, voters)

    everywhere, expressed = np.ones(GENES, bool), np.arange(GENES) % 10 > 0
    measured = [(i, j) for i, j in partners if expressed[i] and expressed[j]]
    homologues = _links(relatives, lambda i, j: score[i, j], copies)
    views = {
        "sequence": view("sequence", 0.45, {"homologues": homologues}, everywhere),
        "expression": view("expression", 0.45, {"coexpressed": _links(measured, lambda i, j: 0.5)}, expressed),
    }
    seen = truth & annotated[:, None]
    share = seen.sum(axis=0) / annotated.sum()
    labels = Labels(
        aspect="P",
        genes=[f"g{gene:03}" for gene in range(GENES)],
        terms=[f"X:{term}" for term in range(12)],
        names=[f"term {term}" for term in range(12)],
        positive=sparse.csr_array(seen),
        negative=sparse.csr_array(negative),
        excluded=sparse.csr_array(negative),
        annotated=annotated,
        ancestors=_ancestors(),
        information_content=-np.log2(share),
        information_accretion=-np.log2(share),
    )
    settings = Settings(
        trees=15, depth=4, learning_rate=0.3, min_rows=3.0, leaf_ridge=1.0, columns=0.5, reduced_dimensions=4
    )
    return Task(
        labels,
        views,
        {"homologues": homologues},
        family % FOLDS,
        family,
        FOLDS,
        settings,
        unknown_weight=1.0,
        seed=1,
        threads=1,
    )


@pytest.fixture(scope="session")
def with_views():
    """A function: the task with these views alone."""
    return lambda task, *names: replace(task, views={name: task.views[name] for name in names})


@pytest.fixture(scope="session")
def without_any_view():
    """A function: the task where one gene has no view."""

    def take(task, gene):
        views = {}
        for name, view in task.views.items():
            features, present = view.features.copy(), view.present.copy()
            features[gene], present[gene] = np.nan, False
            views[name] = replace(view, features=features, present=present)
        return replace(task, views=views)

    return take


@pytest.fixture(scope="session")
def turned_around():
    """A function: the task in which all labelled genes of fold k have every term, and no NOT."""

    def turn(task, k):
        own = task.labels.annotated & (task.fold == k)
        positive, negative = task.labels.positive.toarray(), task.labels.negative.toarray()
        positive[own], negative[own] = True, False
        changed = replace(task.labels, positive=sparse.csr_array(positive), negative=sparse.csr_array(negative))
        return replace(task, labels=changed)

    return turn


@pytest.fixture(scope="session")
def with_labels():
    """A function: the task with other positives (genes, terms), its known negatives taken out."""

    def change(task, positive):
        none = sparse.csr_array(positive.shape, dtype=bool)
        return replace(task, labels=replace(task.labels, positive=sparse.csr_array(positive), negative=none))

    return change
