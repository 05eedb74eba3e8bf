"""Signals by which a protein is sent to its place: at the N end, at the C end, and nuclear ones."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.views.given import Given
from geneduet.views.sequence.residues import RESIDUES, SCALE_MATRIX, describe_each, window_means

START, CORE = 8, 30  # residues of a signal peptide's charged start, and within which its hydrophobic core lies
CORE_WIDTH = 8  # von Heijne 1985, J Mol Biol 184:99: a core of 7 to 15
TRANSIT = 25  # residues that a mitochondrial presequence begins with: von Heijne et al. 1989, Eur J Biochem 180:535
# C ends, as 0 or 1
ENDS = {
    "peroxisome": r"[SAC][KRH][LM]$",  # PTS1: Gould et al. 1989, J Cell Biol 108:1657
    "endoplasmic_reticulum": r"[HK]DEL$",  # Pelham 1990, Trends Biochem Sci 15:483
    "dilysine": r"K.K..$|KK..$",  # Jackson, Nilsson and Peterson 1990, EMBO J 9:3153
    "prenylation": r"C[AVLIMSTG][AVLIMSTG].$",  # CAAX: Zhang and Casey 1996, Annu Rev Biochem 65:241
}
# nuclear localisation, counted: Lange et al. 2007, J Biol Chem 282:5101
NUCLEAR = {"monopartite": r"(?=K[KR].[KR])", "bipartite": r"(?=[KR][KR].{10,12}(?:[KR]{3}|[KR]{2}.[KR]|[KR].[KR]{2}))"}
COLUMNS = [
    *(f"targeting:{what}" for what in ("start_charge", "core_hydropathy", "core_place", "small_site")),
    *(f"targeting:transit_{what}" for what in ("arginine", "lysine", "acid", "serine_threonine", "charge")),
    *(f"targeting:{name}" for name in (*ENDS, *NUCLEAR)),
]
_LETTERS = np.array(list(RESIDUES))
_HYDROPATHY, _CHARGE = SCALE_MATRIX[0], SCALE_MATRIX[1]
_SMALL = re.compile(r"[AGSCTV].[AGSCT]")  # -3 and -1 before the cut: von Heijne 1986, Nucleic Acids Res 14:4683


def signal_peptide(code: NDArray[np.int64]) -> tuple[float, float, float, float]:
    """Charge of the start, hydropathy of the best core, its first residue (from 0), and whether it may be cut behind.

    The core is the window of 8 residues of highest mean hydropathy in the first 30; cut: residues fit for the places
    -3 and -1 within 10 residues behind it.
    """
    if not len(code):
        return 0.0, 0.0, 0.0, 0.0
    means = window_means(_HYDROPATHY[code[:CORE]], CORE_WIDTH)
    place = int(means.argmax())
    behind = "".join(_LETTERS[code[place + CORE_WIDTH : place + CORE_WIDTH + 10]])
    return float(_CHARGE[code[:START]].sum()), float(means.max()), float(place), float(bool(_SMALL.search(behind)))


def targeting(code: NDArray[np.int64]) -> NDArray[np.float64]:
    """All signals of one protein, shape (len(COLUMNS),)."""
    text, first = "".join(_LETTERS[code]), "".join(_LETTERS[code[:TRANSIT]])
    transit = [
        first.count("R"),
        first.count("K"),
        first.count("D") + first.count("E"),
        first.count("S") + first.count("T"),
    ]
    ends = [bool(re.search(pattern, text)) for pattern in ENDS.values()]
    nuclear = [len(re.findall(pattern, text)) for pattern in NUCLEAR.values()]
    return np.array([*signal_peptide(code), *transit, _CHARGE[code[:TRANSIT]].sum(), *ends, *nuclear], float)


def features(given: Given) -> pd.DataFrame:
    """Signal-peptide-like and transit-peptide-like N ends, C-terminal signals, nuclear localisation; genes x 15."""
    return describe_each(given, COLUMNS, targeting)
