"""A run that is judged in every way: later annotations, random folds, and fewer labels."""

import numpy as np
import pandas as pd
import pytest

from geneduet import labels, tables

PERCENTS, SEEDS = (40, 100), (1, 2)
JUDGED = {
    "bootstrap": 10,
    "random_folds": True,
    "label_efficiency": {"seeds": len(SEEDS), "percents": list(PERCENTS)},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory, make_organism, snakemake):
    folder = tmp_path_factory.mktemp("judged")
    organism = make_organism(folder / "organism", annotations_later="later.gaf", evaluation=JUDGED)
    call = snakemake(folder / "run", [organism.file])
    assert call.returncode == 0, call.stderr[-4000:]
    return folder / "run" / "results" / "tiny"


@pytest.fixture(scope="module")
def metrics(results):
    return pd.read_csv(results / "evaluation" / "metrics.tsv", sep="\t")


def read(results, name):
    return pd.read_csv(results / f"{name}.tsv", sep="\t")


def test_every_split_is_in_one_table(metrics):
    assert set(metrics["split"]) == {
        "cross_validation", "random_folds", "holdout", "temporal", "open_world", "label_efficiency",
    }  # fmt: skip
    temporal = set(metrics.query("split == 'temporal'")["gene_set"])
    assert temporal >= {"no_knowledge", "no_knowledge_strict", "limited", "orphan", "with_homologue"}


def test_genes_of_the_temporal_holdout_add_up(metrics):
    sizes = metrics.query("split == 'temporal' and model == 'final' and metric == 'fmax'")
    for _, own in sizes.groupby("aspect"):
        number = own.set_index("gene_set")["n_genes"]
        assert number["no_knowledge"] == number["no_knowledge_strict"] + number["limited"]
        assert number["no_knowledge"] == number["orphan"] + number["with_homologue"]


def test_what_is_judged_on_never_reaches_the_predictions(results, finished):
    # the same organism without later annotations, random folds and fewer labels
    seen, later = (labels.read(results / "labels" / folder / "P.npz") for folder in ("", "later"))
    assert (later.annotated & ~seen.annotated).sum() > 10
    for name in ("predictions.tsv.gz", "predictions.gaf.gz"):
        assert (results / name).read_bytes() == (finished.results / name).read_bytes()


def test_later_annotations_decide_more_pairs(results):
    table = read(results, "evaluation/open_world")
    assert {"decided_pairs", "later_labels"} == set(table["assumption"])
    assert table["kendall_tau"].between(-1, 1).all()
    decided = table.query("assumption == 'decided_pairs'")
    assert (decided[["n_positives", "n_negatives"]] > 0).all(axis=None)


def test_random_folds_part_relatives_and_keep_the_families(results):
    split, random = (tables.read(results / folder / "folds.parquet") for folder in ("", "random_folds"))
    assert (split["family"] == random["family"]).all()
    assert split.groupby("family")["fold"].nunique().max() == 1
    assert random.groupby("family")["fold"].nunique().max() > 1


def test_thresholds_are_recommended_with_what_to_expect(results):
    table = read(results, "evaluation/thresholds")
    assert set(table["aspect"]) == set("PFC")
    whole = table[np.isinf(table["bits_to"]) & (table["bits_from"] == 0)]
    assert len(whole) == 3
    assert table["expected_precision"].between(0, 1).all()
    assert table["expected_recall"].between(0, 1).all()


# --- fewer labels


def level(results, seed, percent, aspect="P"):
    return labels.read(results / "label_efficiency" / str(seed) / str(percent) / "labels" / f"{aspect}.npz")


def test_labels_of_a_level_are_among_those_of_the_next_and_hidden_in_all_aspects(results):
    for seed in SEEDS:
        few, all_ = (level(results, seed, percent) for percent in PERCENTS)
        assert not (few.annotated & ~all_.annotated).any()
        assert 0 < few.annotated.sum() < all_.annotated.sum()
        hidden = set((results / "label_efficiency" / str(seed) / "40" / "hidden.txt").read_text().split())
        for aspect in "PFC":
            own = level(results, seed, 40, aspect)
            assert not {gene for gene, known in zip(own.genes, own.annotated, strict=True) if known} & hidden


def test_all_levels_of_a_seed_judge_the_same_genes_and_terms(metrics):
    sizes = metrics.query("split == 'label_efficiency' and gene_set == 'all' and metric == 'micro_ap'")
    same = sizes.groupby(["aspect", "seed"])[["n_genes", "n_families", "n_terms"]].nunique()
    assert (same == 1).all(axis=None)
    assert set(sizes["label_fraction"]) == {percent / 100 for percent in PERCENTS}


def test_more_labels_are_worth_something(results):
    curve = read(results, "label_efficiency/curve").query("model == 'fusion'")
    means = curve.groupby(["aspect", "label_fraction"])["value"].mean().unstack()
    assert (means[1.0] > means[0.4]).all()
    assert (curve["n_labels"] > 0).all()


def test_the_worth_of_labels_is_told_for_each_aspect(results):
    table = read(results, "label_efficiency/label_value")
    assert set(table["aspect"]) == set("PFC")
    assert set(table["reference"]) == {"best_supervised", "fusion"}
    told = table["factor"].notna() | table["note"].notna()
    assert told.all()
    assert (results / "figures" / "label_efficiency.svg").is_file()


def test_one_sentence_an_aspect_and_split(results):
    sentences = (results / "evaluation" / "headlines.txt").read_text().splitlines()
    assert len(sentences) == 3 * len(
        ("cross-validation", "random folds", "held-out genes", "later annotations", "near", "independent errors")
    )
    assert sum("a labelled homologue is there for" in sentence for sentence in sentences) == 3
    assert sum("optimistic" in sentence for sentence in sentences) == 3
