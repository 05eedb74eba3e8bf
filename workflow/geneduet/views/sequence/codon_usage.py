"""Which of the synonymous codons a gene uses."""

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet import tables
from geneduet.views.given import Given

CODONS = ["".join(letters) for letters in product("TCAG", repeat=3)]
# the standard genetic code in the order of CODONS: NCBI table 1; bacteria (table 11) differ in starts alone
AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"

_CODE = {codon: number for number, codon in enumerate(CODONS)}
_AMINO = np.array(list(AMINO_ACIDS))
_DEGENERACY = np.array([AMINO_ACIDS.count(letter) for letter in AMINO_ACIDS])
_SENSE = _AMINO != "*"
_CHOICE = np.flatnonzero(_SENSE & (_DEGENERACY > 1))  # 59 codons: without stops, Met and Trp
_G_OR_C = np.array([[letter in "GC" for letter in codon] for codon in CODONS], dtype=np.float64)
_CLASSES = {2: 9, 3: 1, 4: 5, 6: 3}  # how many amino acids have that many codons
COLUMNS = [
    *(f"codon_usage:{_AMINO[number]}_{CODONS[number]}" for number in _CHOICE),
    "codon_usage:GC3",
    "codon_usage:GC",
    "codon_usage:effective_number",
]


def count_codons(sequence: str) -> NDArray[np.int64]:
    """How often each of CODONS occurs, shape (64,); codons with ambiguous letters are left out.

    >>> count_codons("TTTTTCNNNTTT")[:2].tolist()
    [2, 1]
    """
    code = [_CODE[codon] for start in range(0, len(sequence), 3) if (codon := sequence[start : start + 3]) in _CODE]
    return np.bincount(np.array(code, dtype=np.intp), minlength=64)


def relative_usage(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """RSCU: a codon's count over the mean count of its amino acid's codons (Sharp, Tuohy and Mosurski 1986).

    Nucleic Acids Research 14:5125. 1 where all are used alike; NaN for amino acids that the gene lacks.

    Returns
    -------
    (64,), in the order of CODONS.
    """
    total = np.array([counts[letter == _AMINO].sum() for letter in _AMINO], dtype=np.float64)
    return np.divide(counts * _DEGENERACY, total, out=np.full(64, np.nan), where=total > 0)


def effective_number(counts: NDArray[np.int64]) -> float:
    """Effective number of codons, from 20 (one for each amino acid) to 61 (all alike): Wright 1990, Gene 87:23.

    2 + 9/F2 + 1/F3 + 5/F4 + 3/F6, where F is the mean homozygosity of the amino acids with that many codons,
    (n * sum(p^2) - 1) / (n - 1) of one that occurs n times. Isoleucine alone has three codons: without it F3 is the
    mean of F2 and F4. More than 61 count as 61. NaN where no amino acid of another class occurs twice.
    """
    homozygosity: dict[int, list[float]] = {size: [] for size in _CLASSES}
    for letter in sorted(set(AMINO_ACIDS) - set("*MW")):
        own = counts[letter == _AMINO]
        if (n := int(own.sum())) > 1:
            homozygosity[len(own)].append((n * float(((own / n) ** 2).sum()) - 1) / (n - 1))
    mean = {size: sum(values) / len(values) if values else np.nan for size, values in homozygosity.items()}
    if not homozygosity[3]:
        mean[3] = (mean[2] + mean[4]) / 2
    if np.isnan(list(mean.values())).any():
        return np.nan
    if min(mean.values()) <= 0:
        return 61.0  # a short gene may by chance use the codons of a class more evenly than evenly
    return min(2 + sum(kinds / mean[size] for size, kinds in _CLASSES.items()), 61.0)


def describe(sequence: str) -> NDArray[np.float64]:
    """Values of COLUMNS for a coding sequence; NaN where it has no codon to tell from."""
    counts = count_codons(sequence)
    sense = counts * _SENSE
    # without a codon the shares are NaN
    content = sense @ _G_OR_C / sense.sum() if sense.any() else np.full(3, np.nan)
    return np.array([*relative_usage(counts)[_CHOICE], content[2], content.mean(), effective_number(counts)])


def features(given: Given) -> pd.DataFrame:
    """RSCU of 59 codons, GC content of all and of third positions, effective number of codons; stops do not count.

    Reads `given.files["cds"]`, tables that `genome.read_cds` made. Genes without a coding sequence are left out. No
    tables, no features.
    """
    if not given.files.get("cds"):
        return pd.DataFrame(index=pd.Index([], name="gene_id"), dtype=np.float32)
    table = pd.concat([tables.read(path) for path in given.files["cds"]])
    table = table[table["gene_id"].isin(given.genes)]
    values = np.array([describe(sequence) for sequence in table["sequence"]], np.float32).reshape(-1, len(COLUMNS))
    return pd.DataFrame(values, index=pd.Index(table["gene_id"], name="gene_id"), columns=COLUMNS)
