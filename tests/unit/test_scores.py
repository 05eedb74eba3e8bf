from pathlib import Path

import numpy as np

from geneduet import scores
from geneduet.scores import Scores


def test_scores_are_read_as_written_and_written_alike(tmp_path: Path) -> None:
    models = {"final": np.array([[0.5, np.nan]], np.float32), "early_fusion": np.array([[0.25, 1]], np.float32)}
    scores.write(tmp_path / "one.npz", Scores(["a"], ["X:1", "X:2"], models))
    again = scores.read(tmp_path / "one.npz")
    assert (again.genes, again.terms, list(again.models)) == (["a"], ["X:1", "X:2"], ["final", "early_fusion"])
    assert scores.model_names(tmp_path / "one.npz") == ["final", "early_fusion"]
    for name, matrix in models.items():
        assert again.models[name].dtype == np.float32
        np.testing.assert_array_equal(again.models[name], matrix)
    scores.write(tmp_path / "two.npz", again)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_an_aspect_without_terms_keeps_its_models(tmp_path: Path) -> None:
    scores.write(tmp_path / "none.npz", Scores(["a", "b"], [], {"final": np.zeros((2, 0), np.float32)}))
    again = scores.read(tmp_path / "none.npz")
    assert (again.terms, again.models["final"].shape) == ([], (2, 0))
