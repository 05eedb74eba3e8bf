import numpy as np
import pytest

from geneduet.evaluation.open_world import OPEN_WORLD_COLUMNS, ranking_table


def values(metric, of_model, more=None):
    """Each model's metric, without noise in the two resamples."""
    return {model: {metric: np.full(3, value), **(more or {})} for model, value in of_model.items()}


CLOSED = values("micro_ap", {"naive": 0.1, "sequence": 0.2, "fusion": 0.3})
PAIRS = {"n_positives": np.full(3, 7.0), "n_negatives": np.full(3, 4.0)}


def test_tau_counts_the_pairs_of_models_that_change_places():
    # of three pairs of models one is in another order: (2 - 1) / 3
    decided = values("auroc", {"naive": 0.5, "sequence": 0.9, "fusion": 0.8}, PAIRS)
    table = ranking_table({("cross_validation", "all"): CLOSED, ("open_world", "all"): decided}, "yeast", "P")
    assert tuple(table.columns) == OPEN_WORLD_COLUMNS
    (row,) = table.to_dict("records")
    assert row["kendall_tau"] == row["ci_low"] == row["ci_high"] == pytest.approx(1 / 3)
    assert (row["best_closed_world"], row["best"]) == ("fusion", "sequence")
    assert (row["n_positives"], row["n_negatives"], row["assumption"]) == (7, 4, "decided_pairs")


def test_later_labels_are_compared_by_the_same_metric():
    found = ranking_table({("cross_validation", "all"): CLOSED, ("later_labels", "all"): CLOSED}, "yeast", "P")
    assert found[["assumption", "metric", "kendall_tau"]].to_numpy().tolist() == [["later_labels", "micro_ap", 1.0]]


def test_nothing_is_said_where_no_pair_is_refused():
    decided = values("auroc", {"naive": np.nan, "sequence": np.nan}, PAIRS)
    assert ranking_table({("cross_validation", "all"): CLOSED, ("open_world", "all"): decided}, "yeast", "P").empty
