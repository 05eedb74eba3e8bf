"""The demo organism in memory: real proteins and expression, all its labels visible."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geneduet import annotations, labels, splits
from geneduet import expression as expression_reader
from geneduet import ontology as go
from geneduet.crossfit import Task
from geneduet.learners import make_view
from geneduet.proteome import read_proteome
from geneduet.settings import Settings
from geneduet.views import coexpression, families, homology
from geneduet.views.expression.modules import modules
from geneduet.views.given import Given
from geneduet.views.vote import Neighbours

DEMO = Path(__file__).parents[2] / "resources" / "demo"


def _family(name, given):
    return import_module(f"geneduet.views.sequence.{name}").features(given)


@pytest.fixture(scope="session")
def demo_task():
    """Aspect F of the demo organism, with few trees."""
    proteins = read_proteome(DEMO / "proteome.fasta.gz")
    genes = proteins["gene_id"].tolist()
    graph = go.read_obo(DEMO / "ontology.obo.gz")
    rows, _ = annotations.join_genes(annotations.read_annotations(DEMO / "annotations.tsv.gz"), genes)
    chosen, _ = annotations.select(rows, graph, ["IEA"])
    seen, _ = labels.make("F", genes, chosen, graph, hidden=[], min_positives=10)
    study = expression_reader.Study("precise", "log", expression_reader.read_matrix(DEMO / "expression.tsv.gz"))
    merged, _ = expression_reader.merge_studies([study], genes)
    engine = homology.choose_engine("auto")
    hits = homology.search(genes, proteins["sequence"].tolist(), engine, 1e-3, threads=2)
    family = homology.families(hits, genes, 0.3, 0.3)
    given, copies = Given(genes, proteins["sequence"].tolist()), homology.copies(hits, genes)
    views = {
        "sequence": make_view(
            "sequence",
            pd.concat([_family(name, given) for name in families.of_view("sequence", default=True)], axis=1),
            genes,
            {"homologues": Neighbours(homology.neighbours(hits, genes), copies)},
        ),
        "expression": make_view(
            "expression",
            modules(merged, 30),
            genes,
            {"coexpressed": Neighbours(coexpression.neighbours(coexpression.partners(merged, 30), genes), copies)},
        ),
    }
    fold = splits.assign_folds(family, seen.annotated, 3, seed=1)
    settings = Settings(trees=20, depth=5)
    return Task(seen, views, views["sequence"].voters, fold, family, 3, settings, 1.0, seed=1, threads=2)


@pytest.fixture
def permuted(demo_task):
    """A function of a seed: the task with whole label rows permuted among the labelled genes."""

    def permute(seed):
        own = demo_task.labels
        rows = np.flatnonzero(own.annotated)
        order = np.arange(len(own.genes))
        order[rows] = np.random.default_rng(seed).permutation(rows)
        mixed = replace(own, positive=own.positive[order], negative=own.negative[order])
        return replace(demo_task, labels=mixed, seed=seed)

    return permute
