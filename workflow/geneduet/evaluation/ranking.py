"""Ranking: average precision and area under the ROC curve, over all pairs and term by term."""

import numpy as np
from numpy.typing import NDArray

from geneduet.evaluation.counting import digitise, divide, from_right, histogram, sums

Floats = NDArray[np.float64]
Scores = NDArray[np.float32]

RANKING_BINS = 1000  # of micro-AP in a resample, which is then within 1/1000 of that of the unbinned scores


def micro_ap(truth: NDArray[np.bool_], scores: Scores) -> float:
    """Average precision over all pairs: the sum over distinct scores of recall gained times precision there.

    As scikit-learn's `average_precision_score`: tied pairs enter together. Only scores of positives gain recall, so
    one sort of the scores is enough.

    Returns
    -------
    NaN without a positive.

    >>> micro_ap(np.array([[True, False, True]]), np.array([[0.9, 0.8, 0.7]], np.float32))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    value, gained = np.unique(scores[truth], return_counts=True)
    if not len(value):
        return float("nan")
    ordered = np.sort(scores, axis=None)
    reached = len(ordered) - np.searchsorted(ordered, value, side="left")
    return float(np.sum(gained * from_right(gained) / reached) / gained.sum())


def micro_ap_resampled(truth: NDArray[np.bool_], scores: Scores, weights: Floats) -> Floats:
    """`micro_ap` under each row of gene weights, with scores rounded down to a quantile of the positives' scores.

    All positives that share a bin get the precision at its lower end, so the error is at most the share of one bin,
    1/1000, times how far precision falls and rises in all.

    Returns
    -------
    (rows,).
    """
    return _average_precision(*_ranked(truth, scores, weights))


def micro_ranking(truth: NDArray[np.bool_], scores: Scores, weights: Floats) -> dict[str, Floats]:
    """`micro_ap` and `auroc` over all pairs, exact in the first row, by bins in the differences of the others from it.

    AUROC is the share of pairs of a positive and a negative that are in the right order, ties counting half. Pairs of a
    negative score do not count.

    Returns
    -------
    Metric -> (rows,).
    """
    gained, reached = _ranked(truth, scores, weights)
    found = {"micro_ap": _average_precision(gained, reached), "auroc": _area(gained, reached)}
    exact = {"micro_ap": micro_ap(truth, scores), "auroc": auroc(truth, scores)}
    return {name: values + (exact[name] - values[0]) for name, values in found.items()}


def auroc(truth: NDArray[np.bool_], scores: Scores) -> float:
    """Share of the pairs of a positive and a negative that are in the right order, ties counting half.

    Returns
    -------
    NaN without a positive or a negative.

    >>> auroc(np.array([[True, False, False, True]]), np.array([[0.9, 0.8, 0.7, 0.7]], np.float32))
    0.625
    """
    ordered = np.sort(scores[scores >= 0], axis=None)
    positive = scores[truth]
    number, others = len(positive), len(ordered) - len(positive)
    if not number or not others:
        return float("nan")
    rank = (np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right") + 1) / 2
    return float((rank.sum() - number * (number + 1) / 2) / (number * others))


def _ranked(truth: NDArray[np.bool_], scores: Scores, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted number of positives in each bin of score, and of all pairs in it or above: (rows, bins)."""
    positives = scores[truth]
    if not len(positives):
        return np.zeros((len(weights), 1)), np.zeros((len(weights), 1))
    edges = np.unique(np.quantile(positives, np.linspace(0, 1, RANKING_BINS), method="lower"))
    bins, size = digitise(scores, edges), len(edges) + 1
    pairs = histogram(bins, size)
    pairs[:, 0] -= (scores < 0).sum(axis=1)  # those that do not count
    rows, columns = np.nonzero(truth)
    gained = weights @ sums(rows, bins[rows, columns], None, (len(truth), size))
    return gained, from_right(weights @ pairs)


def _average_precision(gained: Floats, reached: Floats) -> Floats:
    total = gained.sum(axis=1)
    return divide((gained * divide(from_right(gained), reached)).sum(axis=1), total, otherwise=np.nan)


def _area(gained: Floats, reached: Floats) -> Floats:
    others = reached - from_right(gained)  # negatives in the bin or above
    above = np.hstack([others[:, 1:], np.zeros((len(others), 1))])
    below = others[:, :1] - (others + above) / 2  # those of the same bin count half
    return divide((gained * below).sum(axis=1), gained.sum(axis=1) * others[:, 0], otherwise=np.nan)


# --- term by term

CHUNK = 256  # terms at a time, to save memory
CONTENT_BINS = {"ic_0_2": (0, 2), "ic_2_4": (2, 4), "ic_4_6": (4, 6), "ic_6_up": (6, np.inf)}  # bits


def term_centric(
    truth: NDArray[np.bool_], scores: Scores, weights: Floats, information_content: Floats
) -> dict[str, Floats]:
    """AUROC and average precision of each term over genes, their mean over terms, in all and by information content.

    The resamples are linear: the value plus the sum over genes of (weight - 1) times the derivative by the gene's
    weight (infinitesimal jackknife: Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6).

    Parameters
    ----------
    truth, scores : (genes, terms).
    weights : (rows, genes), the first all ones.
    information_content : (terms,), bits.

    Returns
    -------
    `term_auroc`, `term_ap` and each with the endings of CONTENT_BINS -> (rows,); NaN where no term of the bin has both
    a positive and a negative gene.
    """
    judged: NDArray[np.bool_] = np.asarray(truth.any(axis=0) & ~truth.all(axis=0))
    bins: dict[str, NDArray[np.bool_]] = {"": judged} | {
        f"_{name}": judged & (information_content >= low) & (information_content < high)
        for name, (low, high) in CONTENT_BINS.items()
    }
    found: dict[str, Floats] = {}
    for name, of_terms in (("term_auroc", _area_by_term), ("term_ap", _precision_by_term)):
        value, slope = np.zeros(truth.shape[1]), {ending: np.zeros(len(truth)) for ending in bins}
        for start in range(0, truth.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            value[part], influence = of_terms(truth[:, part], scores[:, part])
            for ending, chosen in bins.items():
                slope[ending] += influence[:, chosen[part]].sum(axis=1)
        for ending, chosen in bins.items():
            terms = int(chosen.sum())
            mean_ = value[chosen].mean() if terms else np.nan
            found[name + ending] = mean_ + (weights - 1) @ slope[ending] / max(terms, 1)
    return found


def _runs(
    truth: NDArray[np.bool_], scores: Scores
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], Floats]:
    """Each term's genes from the highest score down: order, first and last place of each run of ties, labels."""
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=0)
    place = np.arange(len(scores))[:, None]
    begins = np.vstack([np.ones((1, scores.shape[1]), bool), ranked[1:] != ranked[:-1]])
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=0)
    ends = np.vstack([begins[1:], np.ones((1, scores.shape[1]), bool)])
    last = np.minimum.accumulate(np.where(ends, place, len(scores))[::-1], axis=0)[::-1]
    return order, first, last, np.take_along_axis(truth, order, axis=0).astype(np.float64)


def _in_order(values: Floats, order: NDArray[np.intp]) -> Floats:
    """Back from ranks to genes."""
    back = np.empty_like(values)
    np.put_along_axis(back, order, values, axis=0)
    return back


def _area_by_term(truth: NDArray[np.bool_], scores: Scores) -> tuple[Floats, Floats]:
    """AUROC of each term, and its derivative by each gene's weight: (terms,), (genes, terms)."""
    order, first, last, label = _runs(truth, scores)
    positives, negatives = label.sum(axis=0), (1 - label).sum(axis=0)
    up_to = np.vstack([np.zeros((1, label.shape[1])), label.cumsum(axis=0)])
    # positives above each gene, and negatives below it, ties counting half
    before, within = np.take_along_axis(up_to, first, axis=0), np.take_along_axis(up_to, last + 1, axis=0)
    above = (before + within) / 2
    below = negatives - ((first + last + 1) / 2 - above)
    pairs = positives * negatives
    area = divide((label * below).sum(axis=0), pairs, otherwise=np.nan)
    own = label * (below - area * negatives) + (1 - label) * (above - area * positives)
    return area, _in_order(divide(own, np.broadcast_to(pairs, own.shape)), order)


def _precision_by_term(truth: NDArray[np.bool_], scores: Scores) -> tuple[Floats, Floats]:
    """Average precision of each term, and its derivative by each gene's weight: (terms,), (genes, terms)."""
    order, first, last, label = _runs(truth, scores)
    positives = np.broadcast_to(label.sum(axis=0), label.shape)
    hits, reached = np.take_along_axis(label.cumsum(axis=0), last, axis=0), last + 1.0
    precision = hits / reached
    ap = divide((label * precision).sum(axis=0), positives[0], otherwise=np.nan)
    # a gene enters the precision of every positive that is not ranked above it
    once, squared = (
        np.take_along_axis(from_right((label * part).T).T, first, axis=0) for part in (1 / reached, precision / reached)
    )
    own = label * (precision + once - ap) - squared
    return ap, _in_order(divide(own, positives), order)
