"""Genes that were not in the run, described as the run described its own: features, and links to those.

A gene of the run, told by its sequence, is described by what the model has of it, to the bit. Any other is described as
if it alone had joined the run: no links between newcomers, so that what one scores does not depend on the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet import expression, labels, transfer
from geneduet import ontology as go
from geneduet.annotations import no_join
from geneduet.crossfit import Task
from geneduet.errors import InputError, few
from geneduet.labels import Labels, Transfer
from geneduet.learners import make_view
from geneduet.model_store import Model
from geneduet.progress import say
from geneduet.settings import Settings
from geneduet.views import coexpression, homology, reference
from geneduet.views import links as linking
from geneduet.views.families import FAMILIES, SAY_AS_REFERENCE
from geneduet.views.given import Given
from geneduet.views.vote import Joining, Neighbours, Voters

Places = NDArray[np.intp]  # of genes of the model; -1 for none

SAME = 1e-4  # relative difference up to which two profiles are the same, written with fewer digits perhaps
# share with a labelled homologue, over that among the model's own genes, below which newcomers are far from it
FAR = 0.5
BLOCK = 1000  # newcomers that are scored at a time: bounds memory
VIEWS = ("sequence", "expression")
_BRIDGES = "_bridges"


@dataclass(frozen=True)
class Newcomers:
    """New genes as the models see them.

    Parameters
    ----------
    genes : their ids.
    own : (genes,), which gene of the model each is.
    features : of each view of the model, those genes that have it x features.
    links : by the name of the voters.
    hits : in the reference: query, target, bitscore.
    """

    genes: list[str]
    own: Places
    features: dict[str, pd.DataFrame]
    links: dict[str, Joining]
    hits: pd.DataFrame

    def some(self, rows: slice) -> "Newcomers":
        """Some of them."""
        genes = self.genes[rows]
        return Newcomers(
            genes,
            self.own[rows],
            {view: table[table.index.isin(genes)] for view, table in self.features.items()},
            {name: Joining(link.weights[rows], link.copies[rows]) for name, link in self.links.items()},
            self.hits[self.hits["query"].isin(genes)],
        )


def whose(known: pd.DataFrame, proteins: pd.DataFrame) -> Places:
    """Which gene of the model each protein is: that of its id with its sequence, or else the first with its sequence.

    Parameters
    ----------
    known, proteins : gene_id, sequence. Without sequences in the model, the id alone tells.

    >>> model = pd.DataFrame({"gene_id": ["a", "b", "c"], "sequence": ["MK", "MKV", "MK"]})
    >>> whose(model, pd.DataFrame({"gene_id": ["c", "x", "b"], "sequence": ["MK", "MK", "MRR"]})).tolist()
    [2, 0, -1]
    """
    namesake = pd.Index(known["gene_id"]).get_indexer(pd.Index(proteins["gene_id"]))
    if "sequence" not in known:
        return namesake
    first = known.reset_index().drop_duplicates("sequence").set_index("sequence")["index"]
    same = first.reindex(proteins["sequence"]).fillna(-1).to_numpy(np.intp)
    as_named = (namesake >= 0) & (known["sequence"].to_numpy()[namesake] == proteins["sequence"].to_numpy())
    return np.where(as_named, namesake, same)


def describe(
    model: Model, proteins: pd.DataFrame, matrix: pd.DataFrame | None, source: str, threads: int
) -> tuple[Newcomers, list[str]]:
    """Describe new proteins; and what is to be said of them.

    Parameters
    ----------
    proteins : gene_id, sequence; as `read_proteome` gives them.
    matrix : their expression, genes x samples, as `expression.read_matrix` gives it, or none.
    source : its file, for messages.
    threads : of the search.

    Raises
    ------
    InputError: expression of other samples, or for a model without; or a sequence view that cannot be made of proteins.
    """
    known, genes = _needed(model, "genes"), proteins["gene_id"].tolist()
    own = whose(known, proteins)
    fresh = proteins[own < 0]
    namesake = pd.Index(known["gene_id"]).get_indexer(pd.Index(genes))
    hits, found = _search(model, known, fresh, threads)
    profiles, measured = _expression(model, genes, own, matrix, source)
    features = _features(model, known, proteins, own, measured, profiles)
    stands = np.where(own >= 0, own, namesake)
    links = _links(model, known, genes, own, measured, hits, profiles, stands)
    said = []
    if same := len(genes) - len(fresh):
        said.append(f"{same} of {len(genes)} proteins are the model's own: they are scored as in the run")
    if renamed := [gene for gene, place, name in zip(genes, own, namesake, strict=True) if place < 0 <= name]:
        said.append(f"{len(renamed)} have the id of a gene of the model, but another sequence: {few(renamed)}")
    said += _distance(model, known, fresh["gene_id"].tolist(), hits)
    return Newcomers(genes, own, features, links, found), said


def task(model: Model, aspect: str, new: Newcomers, threads: int) -> tuple[Task, Task]:
    """The run's task in an aspect, with its newcomers' voters of homology; and that of the newcomers. See `scoring`."""
    seen, folds = labels.read(model.folder / aspect / "labels.npz"), _needed(model, "folds")
    voting = _reference(model, aspect, new)
    voters = {view: _voters(model, view, seen, new, voting) for view in VIEWS}
    fold = folds["fold"].to_numpy()
    known = Task(
        labels=seen,
        views={},
        homology=voters["sequence"],
        fold=fold,
        family=folds["family"].to_numpy(),
        folds=int(fold.max()) + 1,
        settings=Settings(),  # nothing is fitted
        unknown_weight=1.0,
        seed=0,
        threads=threads,
    )
    own, at = new.own >= 0, np.maximum(new.own, 0)
    return known, replace(
        known,
        labels=replace(_blank(model, seen, new, voting), annotated=own & seen.annotated[at]),
        views={
            view: make_view(view, new.features[view], new.genes, voters[view]) for view in model.recipe(aspect).views
        },
        fold=np.where(own, fold[at], 0),
        family=np.arange(len(new.genes)),
    )


def _needed(model: Model, name: str) -> pd.DataFrame:
    table = model.table(name)
    if table is None:
        raise InputError(model.folder, f"no {name}.parquet in it", "make the model anew: run its organism")
    return table


def _rows(own: Places, stored: sparse.csr_array) -> sparse.csr_array:
    """Rows of what is stored of the model's genes for those that are; the others are empty."""
    there = np.flatnonzero(own >= 0)
    choice = sparse.csr_array((np.ones(len(there)), (there, own[there])), shape=(len(own), stored.shape[0]))
    chosen = sparse.csr_array(choice @ stored)
    chosen.sort_indices()
    return chosen


# --- features


def _features(
    model: Model, known: pd.DataFrame, proteins: pd.DataFrame, own: Places, measured: Places, profiles: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Features of each view: stored ones of the model's own genes, and those made of sequences and profiles."""
    fresh = proteins[own < 0]
    made = {"sequence": _of_sequences(model, fresh), "expression": _of_profiles(model, profiles)}
    found = {}
    for view, places in (("sequence", own), ("expression", measured)):
        stored = model.matrix(f"features/{view}")
        if stored is not None:
            name_of = dict(zip(known["gene_id"], range(len(known)), strict=True))
            row = pd.Series(np.arange(len(stored)), stored.index.map(name_of))
            there = np.isin(places, row.index)
            rows = stored.iloc[row[places[there]]].set_axis(pd.Index(proteins["gene_id"][there]), axis=0)
            parts = [part.reindex(columns=stored.columns) for part in (rows, made[view]) if len(part)]
            found[view] = pd.concat(parts) if parts else rows
    return found


def _of_sequences(model: Model, fresh: pd.DataFrame) -> pd.DataFrame:
    """The families that a protein's sequence is enough for; columns of others are missing."""
    columns = model.manifest["features"].get("sequence", [])
    if fresh.empty or not columns:
        return pd.DataFrame()
    given = Given(fresh["gene_id"].tolist(), fresh["sequence"].tolist())
    named = model.manifest["settings"]["views"]["sequence"]["families"]
    families = [name for name in named if FAMILIES[name].needs == "proteome"]
    parts = [import_module(f"geneduet.views.sequence.{name}").features(given) for name in families]
    made = pd.concat(parts, axis=1).astype(np.float32) if parts else pd.DataFrame(index=given.genes)
    kept = made.loc[:, made.columns.isin(columns)]
    if kept.columns.empty:
        advice = "such a model scores its own genes alone, or make one from the proteome"
        raise InputError(model.folder, "its sequence view is a table that proteins do not tell", advice)
    if absent := len(columns) - kept.shape[1]:
        say(f"{absent} of {len(columns)} features of the sequence view are missing: a protein alone does not tell them")
    return kept


def _expression(
    model: Model, genes: Sequence[str], own: Places, matrix: pd.DataFrame | None, source: str
) -> tuple[pd.DataFrame, Places]:
    """Profiles on the scale of the compendium, of genes that have one of their own; and who has that of the model.

    A gene of the model has its own profile from there, unless another is given.
    """
    compendium, scale = model.matrix("expression"), model.table("expression_scale")
    if matrix is None:
        return pd.DataFrame(), own
    if compendium is None or scale is None:
        raise InputError(source, "the model has no expression studies", "leave the expression out")
    given = expression.rescale(matrix, scale, source)
    joined = given[given.index.isin(genes)]
    if joined.empty:
        raise no_join(source, list(given.index), list(genes), "name the genes as the proteins are named")
    say(f"{source}: {len(joined)} of {len(given)} genes join one of {len(genes)} proteins")
    known = _needed(model, "genes")["gene_id"].to_numpy()
    place = dict(zip(genes, own, strict=True))
    named = [known[place[gene]] if place[gene] >= 0 else None for gene in joined.index]
    stored = compendium.reindex(index=named, columns=joined.columns).to_numpy()
    same = np.isclose(joined.to_numpy(), stored, rtol=SAME, atol=SAME, equal_nan=True).all(axis=1)
    other = joined[~same]
    return other, np.where(pd.Index(genes).isin(other.index), -1, own)


def _of_profiles(model: Model, profiles: pd.DataFrame) -> pd.DataFrame:
    """Families of the expression view, of profiles that are not the model's."""
    compendium, stored = model.matrix("expression"), model.matrix("features/expression")
    if profiles.empty or compendium is None or stored is None:
        return pd.DataFrame()
    named = model.manifest["settings"]["views"]["expression"]["families"]
    known = stored.reindex(compendium.index)
    parts = [
        import_module(f"geneduet.views.expression.{name}").place(profiles[compendium.columns], compendium, known)
        for name in named
        if FAMILIES[name].needs == "expression"
    ]
    return pd.concat(parts, axis=1)


# --- links


def _search(model: Model, known: pd.DataFrame, fresh: pd.DataFrame, threads: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hits of proteins among the model's, and in its reference, by the engine of the run."""
    none = pd.DataFrame(columns=homology.COLUMNS)
    engine = model.manifest["search_engine"]
    if fresh.empty or engine is None or "sequence" not in known:
        return none, none
    name = homology.choose_engine(engine.split()[0])
    if (version := homology.engine_version(name)) != engine:
        say(f"the run was searched by {engine}, this by {version}: scores may differ a little")
    most = model.manifest["settings"]["homology"]["max_evalue"]
    own, new = (dict(zip(table["gene_id"], table["sequence"], strict=True)) for table in (known, fresh))
    hits = homology.search_joining(new, own, name, most, threads)
    others = model.table("reference")
    if others is None:
        return hits[hits["query"] != hits["target"]], none
    told = dict(zip(others["gene_id"], others["sequence"], strict=True))
    return hits[hits["query"] != hits["target"]], homology.search_others(new, told, name, most, threads)


def _links(
    model: Model,
    known: pd.DataFrame,
    genes: Sequence[str],
    own: Places,
    measured: Places,
    hits: pd.DataFrame,
    profiles: pd.DataFrame,
    stands: Places,
) -> dict[str, Joining]:
    """Links to the model's genes, for each kind that it has: stored ones of its own genes, and new ones."""
    ids = known["gene_id"].tolist()
    similar = _between(hits, genes, ids, "bitscore")
    alike = sparse.csr_array(_between(hits, genes, ids, "identity") >= homology.COPY_IDENTITY)
    direct: dict[str, tuple[sparse.csr_array, sparse.csr_array]] = {"homologues": (similar, similar)}
    stored = {
        name: linking.from_table(table, ids)
        for name in ("homologues", "coexpressed", "chromosome")
        if (table := model.table(f"links/{name}")) is not None
    }
    if "coexpressed" in stored and not profiles.empty:
        direct["coexpressed"] = _coexpressed(model, ids, genes, stored["coexpressed"], profiles, stands)
    found = {}
    for name, neighbours in stored.items():
        place = measured if name == "coexpressed" else own
        none = sparse.csr_array(similar.shape)
        votes, either = direct.get(name, (none, none))
        copies = sparse.csr_array(alike + _rows(own, neighbours.copies).astype(bool))
        found[name] = Joining(_sum(_rows(place, neighbours.weights), votes), copies)
        if (table := model.table(f"links/{name}{_BRIDGES}")) is not None:
            through = linking.from_table(table, ids)
            new = linking.joined_bridges(neighbours, Joining(either, copies))
            found[f"{name}{_BRIDGES}"] = Joining(_sum(_rows(place, through.weights), new.weights), copies)
    return found


def _sum(stored: sparse.csr_array, new: sparse.csr_array) -> sparse.csr_array:
    """Rows of the one and of the other; no gene has both."""
    links = sparse.csr_array(stored + new)
    links.sort_indices()
    return links


def _between(hits: pd.DataFrame, genes: Sequence[str], known: Sequence[str], value: str) -> sparse.csr_array:
    """(new genes, genes) of a value of the hits, the larger where there are two."""
    best = hits.groupby(["query", "target"], sort=False)[value].max().reset_index()
    place = (
        pd.Index(genes).get_indexer(pd.Index(best["query"])),
        pd.Index(known).get_indexer(pd.Index(best["target"])),
    )
    return sparse.csr_array((best[value].to_numpy(float), place), shape=(len(genes), len(known)))


def _coexpressed(
    model: Model,
    ids: Sequence[str],
    genes: Sequence[str],
    neighbours: Neighbours,
    profiles: pd.DataFrame,
    stands: Places,
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Links of new profiles: along which their partners vote, and with which bridges begin."""
    compendium = model.matrix("expression")
    assert compendium is not None  # there are profiles on its scale
    inside = pd.Index(ids).get_indexer(compendium.index)
    row = pd.Index(genes).get_indexer(profiles.index)
    twin = np.where(stands[row] >= 0, pd.Index(inside).get_indexer(pd.Index(stands[row])), -1)
    mutual = coexpression.mutual_ranks(
        profiles[compendium.columns].to_numpy(np.float32), compendium.to_numpy(np.float32), twin
    )
    count = model.manifest["settings"]["views"]["expression"]["partners"]
    known = sparse.csr_array(neighbours.weights[inside][:, inside])

    def of_all(links: sparse.csr_array) -> sparse.csr_array:
        link = links.tocoo()
        return sparse.csr_array((link.data, (row[link.row], inside[link.col])), shape=(len(genes), len(ids)))

    votes, either = coexpression.joined(mutual, known, count)
    return of_all(votes), of_all(either)


def _voters(
    model: Model, view: str, seen: Labels, new: Newcomers, voting: reference.Voting | None
) -> dict[str, Voters]:
    """Who votes on newcomers, in the order of the run."""
    voters: dict[str, Voters] = {}
    for name in model.manifest["settings"]["views"][view]["votes"]:
        if seen.transfer is not None and name in SAY_AS_REFERENCE:
            continue
        file = model.file(f"{seen.aspect}/votes/{name}.npz")
        if name in new.links:
            voters[name] = new.links[name]
        elif name == "reference" and voting is not None and file:
            voters[name] = reference.voters(voting, seen.terms)
        elif file:  # domains: of newcomers none are known
            stored = reference.read(file)
            voters[name] = reference.voters(replace(stored, weights=_rows(new.own, stored.weights)), seen.terms)
    return voters


# --- reference


def _reference(model: Model, aspect: str, new: Newcomers) -> reference.Voting | None:
    """What the reference says of newcomers: of the model's own genes what it has said, of others by their hits."""
    rows, graph = model.table("reference_annotations"), model.file("ontology.npz")
    if rows is None or graph is None:
        return None
    hits = new.hits[["query", "target", "bitscore"]]
    if file := model.file(f"{aspect}/votes/reference.npz"):
        stored = reference.read(file)
        told = _rows(new.own, stored.weights).tocoo()
        names, proteins = np.array(new.genes, object), np.array(stored.proteins, object)
        columns = {"query": names[told.row], "target": proteins[told.col], "bitscore": told.data}
        hits = pd.concat([part for part in (hits, pd.DataFrame(columns)) if len(part)] or [hits])
    return reference.make(aspect, new.genes, hits, rows, go.read(graph))


def _blank(model: Model, seen: Labels, new: Newcomers, voting: reference.Voting | None) -> Labels:
    """Labels of newcomers: none, but what the run holds out of the question for its own genes, and the transferred."""
    none = sparse.csr_array((len(new.genes), len(seen.terms)), dtype=bool)
    blank = replace(
        seen,
        genes=new.genes,
        positive=none,
        negative=none,
        excluded=_rows(new.own, seen.excluded).astype(bool),
        annotated=np.zeros(len(new.genes), bool),
    )
    trust = model.file("trust.tsv")
    if seen.transfer is None or voting is None or trust is None:
        return blank
    table = pd.read_csv(trust, sep="\t")
    told = transfer.transferable(voting, table[table["aspect"] == seen.aspect])
    own = new.own >= 0
    share = sparse.csr_array(told.share[:, pd.Index(told.terms).get_indexer(pd.Index(seen.terms))])
    others = sparse.csr_array(sparse.diags_array((~own).astype(np.float32)) @ share)
    shares = sparse.csr_array(others + _rows(new.own, seen.transfer.share))
    trusted = np.where(own, seen.transfer.trust[np.maximum(new.own, 0)], told.trust)
    said = Transfer(shares.astype(np.float32), trusted.astype(np.float32), np.zeros(len(own), bool))
    return replace(blank, transfer=said)


# --- how far from the run


def _distance(model: Model, known: pd.DataFrame, fresh: Sequence[str], hits: pd.DataFrame) -> list[str]:
    """How many newcomers have a homologue with labels, beside how many of the model's own genes have one."""
    table = model.table("links/homologues")
    if not fresh or table is None:
        return []
    aspects = [labels.read(model.folder / aspect / "labels.npz").annotated for aspect in go.ASPECTS]
    labelled = set(known["gene_id"][np.any(aspects, axis=0)])
    near = len(set(hits["query"][hits["target"].isin(labelled)])) / len(fresh)
    usual = len(set(table["gene_id"][(table["weight"] > 0) & table["partner_id"].isin(labelled)])) / len(known)
    said = [
        f"{near:.0%} of the {len(fresh)} new proteins have a homologue with labels in the model, "
        f"where {usual:.0%} of its own genes have one"
    ]
    if near < FAR * usual:
        said.append(
            "warning: the new proteins are far from what the model has learned from (another organism?): their scores "
            "rest on features and term frequencies more than on homologues, and are not calibrated for such genes"
        )
    return said
