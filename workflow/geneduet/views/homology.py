"""Homology within the proteome: the search of all proteins against all, and families of homologues."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geneduet.errors import InputError
from geneduet.progress import say

COPY_IDENTITY = 0.97  # from here on two proteins count as copies of one gene
SAME_COVERAGE = 0.9  # share of both that such an alignment has to cover where species are told apart
ORPHAN_EVALUE, ORPHAN_COVERAGE = 1e-3, 0.5  # a gene without a labelled hit as good as this is an orphan
IDENTITIES = (1e-9, 0.3, 0.5, COPY_IDENTITY)
IDENTITY_RANGES = ("none", "below_30", "30_to_50", "50_to_97", "copies")
COLUMNS = ["query", "target", "bitscore", "evalue", "identity", "query_coverage", "target_coverage"]
_DIAMOND_FIELDS = [
    "qseqid",
    "sseqid",
    "pident",
    "qstart",
    "qend",
    "sstart",
    "send",
    "evalue",
    "bitscore",
    "qlen",
    "slen",
]


def choose_engine(wanted: str) -> str:
    """The engine to use: `auto` takes DIAMOND where it is on the PATH, else pyhmmer's phmmer.

    Raises
    ------
    InputError: DIAMOND was asked for by name and is not there.
    """
    there = shutil.which("diamond") is not None
    if wanted == "diamond" and not there:
        advice = "install it (conda: diamond; Debian: diamond-aligner) or set homology.engine to phmmer"
        raise InputError("homology.engine", "diamond is not on the PATH", advice)
    if wanted == "auto":
        return "diamond" if there else "phmmer"
    return wanted


def engine_version(engine: str) -> str:
    """Name and version of the search engine, for the record."""
    if engine == "diamond":
        answer = subprocess.run(["diamond", "--version"], capture_output=True, text=True, check=True).stdout
        return "diamond " + answer.split()[-1]
    import pyhmmer

    return f"phmmer (pyhmmer {pyhmmer.__version__})"


def search(genes: list[str], sequences: list[str], engine: str, max_evalue: float, threads: int) -> pd.DataFrame:
    """All hits between different proteins of a proteome, both directions, the best alignment of each pair.

    Parameters
    ----------
    genes, sequences : ids and residues.
    engine : `diamond` or `phmmer`.
    max_evalue : hits with a larger e-value are left out.

    Returns
    -------
    Table of COLUMNS; identity and coverages are shares from 0 to 1, bitscore in bits; sorted by query, then bitscore.
    """
    proteome = dict(zip(genes, sequences, strict=True))
    hits = search_others(proteome, proteome, engine, max_evalue, threads)
    return hits[hits["query"] != hits["target"]].reset_index(drop=True)


def search_others(
    queries: Mapping[str, str],
    targets: Mapping[str, str],
    engine: str,
    max_evalue: float,
    threads: int,
    among: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """All hits of some proteins among others, the best alignment of each pair; as `search` gives them.

    Parameters
    ----------
    queries, targets : residues by id.
    among : proteins in whose number e-values are told; the targets when not given.
    """
    if not queries or not targets:
        return pd.DataFrame(columns=COLUMNS)
    find = _diamond if engine == "diamond" else _phmmer
    size = list((targets if among is None else among).values())
    hits = find(list(queries.values()), list(targets.values()), size, max_evalue, threads)
    hits = hits.sort_values(["query", "target", "bitscore"], ascending=[True, True, False], kind="stable")
    hits = hits.drop_duplicates(["query", "target"])
    # the engines are given numbers: an id may hold what a search engine splits at
    names = {
        side: np.array(list(proteins), dtype=object) for side, proteins in (("query", queries), ("target", targets))
    }
    hits = hits.assign(**{side: own[hits[side].astype(int)] for side, own in names.items()})
    hits = hits.sort_values(["query", "bitscore", "target"], ascending=[True, False, True], kind="stable")
    return hits[COLUMNS].reset_index(drop=True)


def search_joining(
    new: Mapping[str, str], known: Mapping[str, str], engine: str, max_evalue: float, threads: int
) -> pd.DataFrame:
    """All hits between new proteins and a proteome, of both directions the better, as if they had been in `search`.

    Parameters
    ----------
    new, known : residues by id.

    Returns
    -------
    As `search`; the query is the new protein.
    """
    there = search_others(new, known, engine, max_evalue, threads)
    back = search_others(known, new, engine, max_evalue, threads, among=known)
    turned = {"query": "target", "target": "query"}
    turned |= {"query_coverage": "target_coverage", "target_coverage": "query_coverage"}
    parts = [part for part in (there, back.rename(columns=turned)[COLUMNS]) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else there


def _diamond(
    queries: Sequence[str], targets: Sequence[str], among: Sequence[str], max_evalue: float, threads: int
) -> pd.DataFrame:
    with tempfile.TemporaryDirectory(prefix="geneduet-") as folder:
        found, fasta = Path(folder, "hits.tsv"), {}
        for name, sequences in (("queries", queries), ("targets", targets)):
            fasta[name] = Path(folder, f"{name}.faa")
            fasta[name].write_text("".join(f">{number}\n{sequence}\n" for number, sequence in enumerate(sequences)))
        call = ["diamond", "blastp", "--query", str(fasta["queries"]), "--db", str(fasta["targets"])]
        call += ["--out", str(found), "--very-sensitive"]
        call += ["--dbsize", str(sum(map(len, among)))]
        call += ["--evalue", str(max_evalue), "--max-target-seqs", "0", "--threads", str(threads), "--quiet"]
        # DIAMOND refuses a proteome whose first protein is spelled with A, C, G, T and N alone, unless told to go on
        call += ["--tmpdir", folder, "--ignore-warnings", "--outfmt", "6", *_DIAMOND_FIELDS]
        subprocess.run(call, check=True)
        if not found.stat().st_size:
            return pd.DataFrame(columns=COLUMNS)
        table = pd.read_csv(found, sep="\t", names=_DIAMOND_FIELDS, dtype={"qseqid": str, "sseqid": str})
    return pd.DataFrame(
        {
            "query": table["qseqid"],
            "target": table["sseqid"],
            "bitscore": table["bitscore"].astype(float),
            "evalue": table["evalue"].astype(float),
            "identity": table["pident"] / 100,
            "query_coverage": (table["qend"] - table["qstart"] + 1) / table["qlen"],
            "target_coverage": (table["send"] - table["sstart"] + 1) / table["slen"],
        }
    )


def _phmmer(
    queries: Sequence[str], targets: Sequence[str], among: Sequence[str], max_evalue: float, threads: int
) -> pd.DataFrame:
    import pyhmmer

    alphabet = pyhmmer.easel.Alphabet.amino()

    def block(sequences: Sequence[str]) -> object:
        texts = (pyhmmer.easel.TextSequence(name=str(n).encode(), sequence=own) for n, own in enumerate(sequences))
        return pyhmmer.easel.DigitalSequenceBlock(alphabet, [text.digitize(alphabet) for text in texts])

    lengths = ([len(sequence) for sequence in queries], [len(sequence) for sequence in targets])
    rows = []
    found = pyhmmer.hmmer.phmmer(block(queries), block(targets), cpus=threads, E=max_evalue, Z=len(among))
    for query, hits in enumerate(found):
        rows += [_phmmer_row(query, hit, *lengths) for hit in hits if hit.included or hit.evalue <= max_evalue]
        if (query + 1) % 500 == 0:
            say(f"searched {query + 1} of {len(queries)} proteins")
    return pd.DataFrame(rows, columns=COLUMNS)


def _phmmer_row(
    query: int, hit: object, queries: list[int], targets: list[int]
) -> tuple[str, str, float, float, float, float, float]:
    name = hit.name if isinstance(hit.name, str) else hit.name.decode()  # type: ignore[attr-defined]
    alignment = hit.best_domain.alignment  # type: ignore[attr-defined]
    # in HMMER's middle line letters are identities, + are similar residues
    identical = sum(letter.isalpha() for letter in alignment.identity_sequence)
    return (
        str(query),
        name,
        float(hit.score),  # type: ignore[attr-defined]
        float(hit.evalue),  # type: ignore[attr-defined]
        identical / len(alignment.identity_sequence),
        (alignment.hmm_to - alignment.hmm_from + 1) / queries[query],
        (alignment.target_to - alignment.target_from + 1) / targets[int(name)],
    )


def pair_matrix(hits: pd.DataFrame, genes: list[str], values: NDArray[np.float64]) -> sparse.csr_array:
    """Symmetric genes x genes matrix of a value of each hit, the larger of the two directions; zero where none."""
    position = pd.Index(genes)
    row, column = position.get_indexer(pd.Index(hits["query"])), position.get_indexer(pd.Index(hits["target"]))
    matrix = sparse.csr_array((values, (row, column)), shape=(len(genes), len(genes)))
    return sparse.csr_array(matrix.maximum(matrix.T))


def families(hits: pd.DataFrame, genes: list[str], identity: float, coverage: float) -> NDArray[np.int64]:
    """Homology family of each gene: connected components of the pairs at this identity and coverage or above.

    Parameters
    ----------
    hits : table of `search`.
    identity, coverage : shares from 0 to 1; the coverage must hold for the shorter protein's alignment partner too,
        that is, for both proteins, so that a shared domain alone does not chain families together.

    Returns
    -------
    (genes,), families numbered in the order of their first gene.
    """
    close = (hits["identity"] >= identity) & (hits[["query_coverage", "target_coverage"]].min(axis=1) >= coverage)
    links = pair_matrix(hits[close], genes, np.ones(int(close.sum())))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def with_homologue(
    hits: pd.DataFrame,
    genes: list[str],
    annotated: NDArray[np.bool_],
    fold: NDArray[np.int64],
    coverage: float = ORPHAN_COVERAGE,
    evalue: float = ORPHAN_EVALUE,
) -> NDArray[np.bool_]:
    """Which genes have a hit to a gene whose labels their models learn from; the others are orphans.

    Parameters
    ----------
    hits : table of `search`.
    annotated, fold : (genes,). The models of a labelled gene have not seen the labels of its own fold.
    coverage : share of the gene's own protein that the hit has to cover.
    evalue : the hit's has to be below it.

    Returns
    -------
    (genes,).
    """
    close = hits[hits["evalue"] < evalue]
    query, target = (pd.Index(genes).get_indexer(pd.Index(close[side])) for side in ("query", "target"))
    # a hit is one of both proteins, whichever was searched with
    gene, other = np.concatenate([query, target]), np.concatenate([target, query])
    covered = np.concatenate([close["query_coverage"], close["target_coverage"]]) >= coverage
    told = covered & annotated[other] & (~annotated[gene] | (fold[gene] != fold[other]))
    return np.isin(np.arange(len(genes)), gene[told])


def with_reference(hits: pd.DataFrame, genes: list[str]) -> NDArray[np.bool_]:
    """Which genes have a hit in an annotated reference as good as `with_homologue` asks; (genes,).

    Parameters
    ----------
    hits : table of `search_others`.
    """
    good = (hits["evalue"] < ORPHAN_EVALUE) & (hits["query_coverage"] >= ORPHAN_COVERAGE)
    return np.isin(np.asarray(genes, dtype=object), list(set(hits.loc[good, "query"])))


def nearly_identical(hits: pd.DataFrame) -> set[str]:
    """Genes that have a hit in a reference of 97% identity over 90% of both: of the same species, or a strain of it.

    Parameters
    ----------
    hits : table of `search_others`.
    """
    covered = hits[["query_coverage", "target_coverage"]].min(axis=1) >= SAME_COVERAGE
    return set(hits.loc[covered & (hits["identity"] >= COPY_IDENTITY), "query"])


def closest_labelled(
    hits: pd.DataFrame, genes: list[str], annotated: NDArray[np.bool_], fold: NDArray[np.int64]
) -> pd.DataFrame:
    """How near the nearest labelled homologue is, where genes are learned from, judged, and in use.

    Votes are of use only where training, judgement and use see alike: folds are made so, and this shows how far.

    Parameters
    ----------
    hits : table of `search`.
    annotated, fold : (genes,).

    Returns
    -------
    genes (`training`: labels of all other labelled genes but of copies are seen; `judged`: those of other folds;
    `unlabelled`: all), n_genes, and the share of them whose nearest labelled hit has an identity of `none` (no hit),
    `below_30`, `30_to_50`, `50_to_97`, `copies`; the five add up to 1. No row where there are no such genes.
    """
    identity = pair_matrix(hits, genes, hits["identity"].to_numpy(float)).tocoo()
    gene, other, value = identity.row, identity.col, identity.data
    told = annotated[other]
    seen = {
        "training": (annotated, told & (value < COPY_IDENTITY)),
        "judged": (annotated, told & (fold[gene] != fold[other])),
        "unlabelled": (~annotated, told),
    }
    rows = []
    for name, (group, links) in seen.items():
        nearest = np.zeros(len(genes))
        np.maximum.at(nearest, gene[links], value[links])
        count = np.bincount(np.digitize(nearest[group], IDENTITIES), minlength=len(IDENTITIES) + 1)
        share = count / max(int(group.sum()), 1)
        rows.append({"genes": name, "n_genes": int(group.sum()), **dict(zip(IDENTITY_RANGES, share, strict=True))})
    table = pd.DataFrame(rows)
    return table[table["n_genes"] > 0].reset_index(drop=True)


def neighbours(hits: pd.DataFrame, genes: list[str]) -> sparse.csr_array:
    """Weights of the links along which homologues vote, (genes, genes): the bitscore.

    Parameters
    ----------
    hits : table of `search`.
    genes : the gene universe.
    """
    return pair_matrix(hits, genes, hits["bitscore"].to_numpy(float))


def copies(hits: pd.DataFrame, genes: list[str]) -> sparse.csr_array:
    """Pairs of near-identical copies, (genes, genes) bool, whatever links them: 97% identity or more.

    Parameters
    ----------
    hits : table of `search`.
    genes : the gene universe.
    """
    return sparse.csr_array(pair_matrix(hits, genes, hits["identity"].to_numpy(float)) >= COPY_IDENTITY)
