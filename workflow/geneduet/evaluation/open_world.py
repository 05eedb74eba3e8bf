"""How much the order of the models depends on the assumption that an unannotated term is a wrong one."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from geneduet.evaluation.bootstrap import bounds
from geneduet.evaluation.judgement import Values

OPEN_WORLD_COLUMNS = (
    "organism", "aspect", "gene_set", "assumption", "metric", "n_positives", "n_negatives",
    "kendall_tau", "ci_low", "ci_high", "best_closed_world", "best",
)  # fmt: skip
# gene set of the decided pairs -> the closed-world case that it is held against
CLOSED = {
    "all": ("cross_validation", "all"),
    "no_knowledge": ("temporal", "no_knowledge"),
    "partial": ("temporal", "partial"),
}
LATER = ("later_labels", "all")  # the labelled genes of cross-validation, judged by the labels of a later release


def ranking_table(values: Mapping[tuple[str, str], Values], organism: str, aspect: str) -> pd.DataFrame:
    """Kendall's tau between the order of the models in a closed world and under another assumption.

    The closed world takes each unannotated pair for wrong and ranks models by micro-AP. The others: `decided_pairs`
    alone, annotated or NOT, by AUROC (their share of positives is not that of all pairs, and micro-AP follows it); and
    `later_labels`, where what a later release has found is right, by micro-AP.

    Parameters
    ----------
    values : (split, gene set) -> what `judgement.measure_all` gives.

    Returns
    -------
    OPEN_WORLD_COLUMNS: tau of 1 is the same order, -1 the reverse; the interval is of the resamples of families under
    the other assumption, against the closed-world order as it is. Numbers of pairs are those of the other assumption.
    """
    found = [
        {"organism": organism, "aspect": aspect, **row}
        for gene_set, closed in CLOSED.items()
        for row in _compared(values.get(closed, {}), values.get(("open_world", gene_set), {}), gene_set)
    ]
    later = _agreement(values.get(CLOSED["all"], {}), values.get(LATER, {}), "micro_ap")
    if later:
        found.append({"organism": organism, "aspect": aspect, "gene_set": "all", "assumption": LATER[0], **later})
    return pd.DataFrame(found, columns=list(OPEN_WORLD_COLUMNS))


def _compared(closed: Values, decided: Values, gene_set: str) -> Iterator[dict[str, object]]:
    found = _agreement(closed, decided, "auroc")
    if found:
        number = {name: int(next(iter(decided.values()))[name][0]) for name in ("n_positives", "n_negatives")}
        yield {"gene_set": gene_set, "assumption": "decided_pairs", **number, **found}


def _agreement(closed: Values, other: Values, metric: str) -> dict[str, object]:
    """Agreement on the models that both have; nothing where a value is missing."""
    models = [model for model in closed if model in other]
    first = np.array([closed[model]["micro_ap"][0] for model in models])
    second = np.array([other[model][metric] for model in models])
    if len(models) < 2 or np.isnan(first).any() or np.isnan(second[:, 0]).any():
        return {}
    tau = np.array([kendalltau(first, column).statistic for column in second.T])
    return {
        "metric": metric,
        "kendall_tau": tau[0],
        **bounds(tau),
        "best_closed_world": models[int(first.argmax())],
        "best": models[int(second[:, 0].argmax())],
    }
