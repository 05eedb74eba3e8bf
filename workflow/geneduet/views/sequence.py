"""Features of a protein's own sequence: composition, physico-chemistry, low complexity, membrane-like stretches."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"

# Values in the order of RESIDUES.
SCALES: dict[str, tuple[float, ...]] = {
    # Kyte and Doolittle 1982, J Mol Biol 157:105
    "hydropathy": (
        1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8,
        1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7, 4.2, -0.9, -1.3,
    ),
    # charge at pH 7; histidine is a tenth protonated (pKa 6)
    "charge": (0, 0, -1, -1, 0, 0, 0.1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    # side-chain volume in cubic angstrom: Krigbaum and Komoriya 1979, Biochim Biophys Acta 576:204
    "volume": (
        27.5, 44.6, 40.0, 62.0, 115.5, 0.0, 79.0, 93.5, 100.0, 93.5,
        94.1, 58.7, 41.9, 80.7, 105.0, 29.3, 51.3, 71.5, 145.5, 117.3,
    ),
    # Grantham 1974, Science 185:862
    "polarity": (
        8.1, 5.5, 13.0, 12.3, 5.2, 9.0, 10.4, 5.2, 11.3, 4.9,
        5.7, 11.6, 8.0, 10.5, 10.5, 9.2, 8.6, 5.9, 5.4, 6.2,
    ),
    # Chou and Fasman 1978, Adv Enzymol 47:45
    "helix": (
        1.42, 0.70, 1.01, 1.51, 1.13, 0.57, 1.00, 1.08, 1.16, 1.21,
        1.45, 0.67, 0.57, 1.11, 0.98, 0.77, 0.83, 1.06, 1.08, 0.69,
    ),
    # Chou and Fasman 1978
    "sheet": (
        0.83, 1.19, 0.54, 0.37, 1.38, 0.75, 0.87, 1.60, 0.74, 1.30,
        1.05, 0.89, 0.55, 1.10, 0.93, 0.75, 1.19, 1.70, 1.37, 1.47,
    ),
    # TOP-IDP, Campen et al. 2008, Protein Pept Lett 15:956
    "disorder": (
        0.060, 0.020, 0.192, 0.736, -0.697, 0.166, 0.303, -0.486, 0.586, -0.326,
        -0.397, 0.007, 0.987, 0.318, 0.180, 0.341, 0.059, -0.121, -0.884, -0.510,
    ),
    "aromatic": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
}  # fmt: skip

END_LENGTH = 50  # residues of each end that targeting signals mostly lie in
MEMBRANE_WINDOW, MEMBRANE_HYDROPATHY = 19, 1.6  # Kyte and Doolittle 1982: a mean of 1.6 over 19 spans a membrane
COMPLEXITY_WINDOW, COMPLEXITY_BITS = 12, 2.2  # SEG's window and trigger: Wootton and Federhen 1993, Comput Chem 17:149
SIGNAL_END = 40  # residues within which a signal peptide's hydrophobic core lies

_CODE = np.full(256, -1, np.int64)
_CODE[np.frombuffer(RESIDUES.encode(), np.uint8)] = np.arange(20)
_SCALE_MATRIX = np.array(list(SCALES.values()))  # scales x residues


def encode(sequence: str) -> NDArray[np.int64]:
    """Residues as positions in RESIDUES; letters other than the standard 20 are left out.

    >>> encode("ACXD").tolist()
    [0, 1, 2]
    """
    code = _CODE[np.frombuffer(sequence.encode(), np.uint8)]
    return code[code >= 0]


def composition(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each of the 20 residues, shape (20,); zeros for an empty sequence.

    >>> composition(encode("AAC"))[:2].round(2).tolist()
    [0.67, 0.33]
    """
    return np.bincount(code, minlength=20) / max(len(code), 1)


def dipeptides(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each of the 400 ordered pairs of neighbours, shape (400,), first residue slowest."""
    return np.bincount(code[:-1] * 20 + code[1:], minlength=400) / max(len(code) - 1, 1)


def physicochemistry(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each scale of SCALES over the residues, shape (8,); zeros for an empty sequence."""
    return _SCALE_MATRIX @ composition(code)


def window_means(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean over each window of `width` values, shape (n - width + 1,); a shorter input is one window.

    >>> window_means(np.array([1., 2., 3.]), 2).tolist()
    [1.5, 2.5]
    """
    width = min(width, len(values))
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return np.asarray((sums[width:] - sums[:-width]) / width)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open intervals in which the mask is true.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    steps = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))


def _covered(windows: NDArray[np.bool_], width: int, length: int) -> NDArray[np.bool_]:
    """Residues that lie in at least one of the chosen windows."""
    starts = np.zeros(length + 1, np.int64)
    hits = np.flatnonzero(windows)
    np.add.at(starts, hits, 1)
    np.add.at(starts, np.minimum(hits + width, length), -1)
    return np.asarray(np.cumsum(starts[:-1]) > 0)


def membrane(code: NDArray[np.int64]) -> tuple[float, float, float, float]:
    """Membrane-like stretches: how many, share of residues in them, highest window hydropathy, highest near the N end.

    A stretch is a run of residues covered by windows of 19 whose mean hydropathy is 1.6 or more (Kyte and
    Doolittle 1982); a run counts once for each 30 residues begun, since two helices may touch.
    """
    if not len(code):
        return 0.0, 0.0, 0.0, 0.0
    hydropathy = _SCALE_MATRIX[0, code]
    means = window_means(hydropathy, MEMBRANE_WINDOW)
    # a peptide shorter than a window cannot span a membrane
    spans = (means >= MEMBRANE_HYDROPATHY) & (len(code) >= MEMBRANE_WINDOW)
    inside = _covered(spans, MEMBRANE_WINDOW, len(code))
    count = sum(-(-(end - start) // 30) for start, end in runs(inside))
    start = window_means(hydropathy[:SIGNAL_END], 8)  # the core of a signal peptide is 7 to 15 residues
    return float(count), float(inside.mean()), float(means.max()), float(start.max())


def low_complexity(code: NDArray[np.int64]) -> tuple[float, float, float]:
    """Share of residues in windows of 12 of 2.2 bits or less, longest run of such residues, longest homopolymer."""
    if not len(code):
        return 0.0, 0.0, 0.0
    changes = np.flatnonzero(np.diff(code)) + 1
    homopolymer = np.diff(np.concatenate([[0], changes, [len(code)]])).max()
    if len(code) < COMPLEXITY_WINDOW:
        return 0.0, 0.0, float(homopolymer)
    onehot = np.zeros((len(code) + 1, 20))
    onehot[np.arange(1, len(code) + 1), code] = 1
    sums = onehot.cumsum(axis=0)
    share = (sums[COMPLEXITY_WINDOW:] - sums[:-COMPLEXITY_WINDOW]) / COMPLEXITY_WINDOW
    entropy = -(share * np.log2(share, out=np.zeros_like(share), where=share > 0)).sum(axis=1)
    inside = _covered(entropy <= COMPLEXITY_BITS, COMPLEXITY_WINDOW, len(code))
    longest = max((end - start for start, end in runs(inside)), default=0)
    return float(inside.mean()), float(longest), float(homopolymer)


def columns() -> list[str]:
    """Names of the features, in the order that `describe` gives them."""
    regions = [f"{scale}:{region}" for region in ("whole", "N_end", "C_end") for scale in SCALES]
    pairs = [f"dipeptide:{a}{b}" for a in RESIDUES for b in RESIDUES]
    stretches = ["membrane:count", "membrane:share", "membrane:peak", "membrane:N_end_peak"]
    complexity = ["low_complexity:share", "low_complexity:longest", "homopolymer:longest"]
    return ["log_length", *[f"composition:{a}" for a in RESIDUES], *regions, *stretches, *complexity, *pairs]


def describe(sequence: str) -> NDArray[np.float32]:
    """All features of one protein, shape (len(columns()),)."""
    code = encode(sequence)
    values = [
        np.log([max(len(code), 1)]),
        composition(code),
        physicochemistry(code),
        physicochemistry(code[:END_LENGTH]),
        physicochemistry(code[-END_LENGTH:]),
        np.array(membrane(code)),
        np.array(low_complexity(code)),
        dipeptides(code),
    ]
    return np.concatenate(values).astype(np.float32)


def features(genes: Sequence[str], sequences: Sequence[str]) -> pd.DataFrame:
    """Genes x features, float32, index gene_id, named columns."""
    rows = np.array([describe(sequence) for sequence in sequences], np.float32).reshape(len(genes), -1)
    return pd.DataFrame(rows, index=pd.Index(genes, name="gene_id"), columns=columns())
