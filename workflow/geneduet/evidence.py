"""Why a term is predicted for a gene: relatives that have it, co-expressed genes that have it, and what models saw.

A gene with labels in the aspect is scored by models that have not seen its fold, so no label of its fold is evidence
for it, least of all its own. Hidden labels are evidence for nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet.contributions import Contributions
from geneduet.labels import Labels
from geneduet.learners import View
from geneduet.ontology import Ontology, ancestors
from geneduet.views.reference import Voting
from geneduet.views.vote import Neighbours

COLUMNS = ["gene_id", "go_id", "kind", "source", "value", "detail"]
HOMOLOGUE, COEXPRESSED, FEATURE = KINDS = ("homologue", "coexpressed", "feature")
SHOWN = {HOMOLOGUE: 3, COEXPRESSED: 3, FEATURE: 5}  # pieces of each kind that a prediction is given at most
VOTES = ("vote", "predicted labels")  # what is named by its voters
LEAST = 0.0005  # contribution to a raw score that is worth a row

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Pairs:
    """The predictions that are to be explained.

    Parameters
    ----------
    gene, term : (pairs,), rows and columns of the labels.
    """

    gene: Places
    term: Places

    @classmethod
    def of(cls, predictions: pd.DataFrame, labels: Labels) -> "Pairs":
        """Those of an aspect among predictions, in their order.

        Parameters
        ----------
        predictions : with gene_id, go_id, aspect.
        """
        own = predictions[(predictions["aspect"] == labels.aspect).to_numpy(bool)]
        gene, term = (
            pd.Index(known, dtype=object).get_indexer(pd.Index(own[column].astype(object)))
            for known, column in ((labels.genes, "gene_id"), (labels.terms, "go_id"))
        )
        return cls(gene, term)


@dataclass(frozen=True)
class Carriers:
    """Who may have a term.

    Parameters
    ----------
    names : of genes, or of proteins of a reference.
    positive : (names, terms) bool, propagated up.
    codes : evidence codes of the annotations behind them, `IDA,IMP`: by place of name and term.
    """

    names: list[str]
    positive: sparse.csr_array
    codes: Mapping[str, sparse.csr_array]

    def evidence(self, name: Places, term: Places) -> list[str]:
        """Evidence codes of some pairs, `IDA,IMP`; empty where no annotation says it."""
        told = [""] * len(name)
        for code, given in self.codes.items():
            for place in np.flatnonzero(_cells(given, name, term)):
                told[place] += f",{code}" if told[place] else code
        return told


def own_carriers(labels: Labels, annotations: pd.DataFrame, ontology: Ontology) -> Carriers:
    """The genes of the organism, by their visible labels.

    Parameters
    ----------
    annotations : gene_id, term, evidence, negated; of hidden genes too, which are passed over.
    """
    codes = evidence_codes(annotations, labels.genes, labels.terms, ontology)
    return Carriers(labels.genes, labels.positive, {**codes, "reference": _transferred(labels)})


def reference_carriers(voting: Voting, annotations: pd.DataFrame, labels: Labels, ontology: Ontology) -> Carriers:
    """The proteins of a reference.

    Parameters
    ----------
    voting : the reference in the aspect.
    annotations : of the reference.
    labels : whose terms are wanted.
    """
    column = pd.Index(voting.terms).get_indexer(pd.Index(labels.terms))
    codes = evidence_codes(annotations, voting.proteins, labels.terms, ontology)
    return Carriers(voting.proteins, sparse.csr_array(voting.labels[:, column]), codes)


def evidence_codes(
    annotations: pd.DataFrame, names: Sequence[str], terms: Sequence[str], ontology: Ontology
) -> dict[str, sparse.csr_array]:
    """For each evidence code, in alphabetical order, who has which term by it, descendants included; (names, terms)."""
    column = [ontology.index[term] for term in terms]
    above = sparse.csr_array(ancestors(ontology)[:, column])
    rows = annotations[~annotations["negated"].astype(bool)]
    name = pd.Index(list(names), dtype=object).get_indexer(pd.Index(rows["gene_id"]))
    term = np.array([ontology.index.get(term, -1) for term in rows["term"]], np.intp)
    known = (name >= 0) & (term >= 0)
    found, evidence = {}, rows["evidence"].astype(str).to_numpy()
    for code in sorted(set(evidence[known].tolist())):
        own = known & (evidence == code)
        shape = (len(names), len(ontology.terms))
        direct = sparse.csr_array((np.ones(own.sum(), bool), (name[own], term[own])), shape=shape)
        found[code] = sparse.csr_array(direct @ above)
    return found


def _transferred(labels: Labels) -> sparse.csr_array:
    """Labels that are what a reference says, and no annotation."""
    told = np.zeros(len(labels.genes), bool) if labels.transfer is None else labels.transfer.labelled
    return sparse.csr_array(sparse.diags_array(told, dtype=bool) @ labels.positive)


def _cells(matrix: sparse.csr_array, row: Places, column: Places) -> NDArray[np.bool_]:
    if not len(row):
        return np.zeros(0, bool)
    return np.asarray(matrix[row, column], bool).ravel()


# --- links that lead to carriers


def homologue_links(hits: pd.DataFrame, genes: Sequence[str], names: Sequence[str], both_ways: bool) -> pd.DataFrame:
    """Homologues of each gene, the best first: gene and other (places), strength (bitscore), value, detail.

    Parameters
    ----------
    hits : as `homology.search_others` gives them.
    names : of those that were searched.
    both_ways : whether both sides are genes: a hit is then one of both, whichever was searched with.
    """
    sides = {"query": "target", "target": "query", "query_coverage": "target_coverage"}
    whole = pd.concat(
        [hits, hits.rename(columns={**sides, "target_coverage": "query_coverage"})] if both_ways else [hits]
    )
    links = pd.DataFrame(
        {
            "gene": _places(genes, whole["query"]),
            "other": _places(names, whole["target"]),
            "strength": whole["bitscore"].to_numpy(float),
            "value": [f"{100 * identity:.1f}" for identity in whole["identity"]],
            "detail": [
                f"e-value {evalue:.1g}, coverage {coverage:.2f}"
                for evalue, coverage in zip(whole["evalue"], whole["query_coverage"], strict=True)
            ],
        }
    )
    return _strongest_first(links)


def coexpression_links(partners: pd.DataFrame, genes: Sequence[str]) -> pd.DataFrame:
    """Co-expressed partners of each gene, in the same form; strength falls with the mutual rank.

    Parameters
    ----------
    partners : as `coexpression.partners` gives them.
    """
    links = pd.DataFrame(
        {
            "gene": _places(genes, partners["gene_id"]),
            "other": _places(genes, partners["partner_id"]),
            "strength": -partners["mutual_rank"].to_numpy(float),
            "value": [f"{correlation:.3f}" for correlation in partners["correlation"]],
            "detail": [f"correlation, mutual rank {rank:.1f}" for rank in partners["mutual_rank"]],
        }
    )
    return _strongest_first(links)


def _places(names: Sequence[str], wanted: pd.Series) -> Places:
    return np.asarray(pd.Index(list(names), dtype=object).get_indexer(pd.Index(wanted.astype(object))), np.intp)


def _strongest_first(links: pd.DataFrame) -> pd.DataFrame:
    known = links[(links["gene"] >= 0) & (links["other"] >= 0)]
    ordered = known.sort_values(["gene", "strength", "other"], ascending=[True, False, True], kind="stable")
    return ordered.drop_duplicates(["gene", "other"])


def who_has_it(
    pairs: Pairs, links: pd.DataFrame, carriers: Carriers, blind: NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """Those along the links that have the term: pair, source, strength, value, detail.

    Parameters
    ----------
    links : of the genes to `carriers`.
    blind : (links,), those along which no label may be seen.
    """
    seen = links if blind is None else links[~blind]
    asked = pd.DataFrame({"pair": np.arange(len(pairs.gene)), "gene": pairs.gene, "term": pairs.term})
    met = asked.merge(seen, on="gene")
    met = met[_cells(carriers.positive, met["other"].to_numpy(np.intp), met["term"].to_numpy(np.intp))]
    met = met.sort_values(["pair", "strength"], ascending=[True, False], kind="stable")
    # nobody is shown more, and texts are made for few
    met = met[met.groupby("pair").cumcount() < max(SHOWN.values())]
    codes = carriers.evidence(met["other"].to_numpy(np.intp), met["term"].to_numpy(np.intp))
    detail = [f"{text}, evidence {code}" if code else text for text, code in zip(met["detail"], codes, strict=True)]
    source = np.array(carriers.names, object)[met["other"].to_numpy(np.intp)]
    return met[["pair", "strength", "value"]].assign(source=source, detail=detail)


def same_fold(links: pd.DataFrame, annotated: NDArray[np.bool_], fold: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Links from a labelled gene to one of its own fold, whose labels its models have not seen; and to itself."""
    gene, other = links["gene"].to_numpy(np.intp), links["other"].to_numpy(np.intp)
    return np.asarray((annotated[gene] & (fold[gene] == fold[other])) | (gene == other))


# --- features


def features(
    pairs: Pairs, found: Contributions, views: Sequence[View], labels: Labels, fold: NDArray[np.int64]
) -> pd.DataFrame:
    """What adds most to the raw score, or takes most from it: pair, source, strength, value, detail.

    Parameters
    ----------
    found : of the pairs.
    views : of the models.
    labels, fold : that a vote along links is made of.
    """
    if not found.models:  # a vote without trees is final
        return pd.DataFrame(columns=["pair", "source", "strength", "value", "detail"])
    total = found.values.sum(axis=0)
    count = min(SHOWN[FEATURE], total.shape[1])
    place = np.argsort(-np.abs(total), axis=1, kind="stable")[:, :count]
    pair, name = np.repeat(np.arange(len(total)), count), place.ravel()
    value = total[pair, name]
    worth = np.abs(value) >= LEAST
    pair, name, value = pair[worth], name[worth], value[worth]
    leading = np.abs(found.values[:, pair, name]).argmax(axis=0)
    what = _described(pairs, pair, np.array(found.names, object)[name], views, labels, fold)
    return pd.DataFrame(
        {
            "pair": pair,
            "source": np.array(found.names, object)[name],
            "strength": np.abs(value),
            "value": [f"{own:+.4f}" for own in value],
            "detail": [
                f"{text}, mostly by {spelled(found.models[model])}" for text, model in zip(what, leading, strict=True)
            ],
        }
    )


def _described(
    pairs: Pairs,
    pair: Places,
    name: NDArray[np.object_],
    views: Sequence[View],
    labels: Labels,
    fold: NDArray[np.int64],
) -> list[str]:
    """The view of each feature, and the gene's value of it; of a vote along links the loudest voice for the term."""
    columns = {column: (view, number) for view in views for number, column in enumerate(view.columns)}
    votes = {f"{what} of {voter}": view for view in views for voter in view.voters for what in VOTES}
    texts = []
    for gene, feature in zip(pairs.gene[pair], name, strict=True):
        if feature in columns:
            view, number = columns[feature]
            texts.append(f"{view.name} view, value {view.features[gene, number]:.3g}")
        else:
            texts.append(f"{votes[feature].name} view")
    for voter, voters in ((f"vote of {own}", voters) for view in views for own, voters in view.voters.items()):
        if isinstance(voters, Neighbours):
            rows = np.flatnonzero(name == voter)
            asked = Pairs(pairs.gene[pair[rows]], pairs.term[pair[rows]])
            loudest = _loudest(asked, voters, labels, fold)
            for place, source in zip(loudest["pair"].tolist(), loudest["source"].tolist(), strict=True):
                texts[rows[place]] += f", loudest {source}"
    return texts


def _loudest(pairs: Pairs, voters: Neighbours, labels: Labels, fold: NDArray[np.int64]) -> pd.DataFrame:
    """The closest neighbour that has the term, of pairs of which any has it: pair, source."""
    weights = voters.weights.tocoo()
    asked = np.isin(weights.row, pairs.gene)
    links = pd.DataFrame({"gene": weights.row[asked], "other": weights.col[asked], "strength": weights.data[asked]})
    links = _strongest_first(links.assign(value="", detail=""))
    carriers = Carriers(labels.genes, labels.positive, {})
    table = who_has_it(pairs, links, carriers, same_fold(links, labels.annotated, fold))
    return table.drop_duplicates("pair")


def spelled(model: str) -> str:
    """A model in words.

    >>> spelled("sequence.2"), spelled("early_fusion")
    ('sequence student', 'early fusion')
    """
    name, _, student = model.replace("_", " ").partition(".")
    return f"{name} student" if student else name


# --- all of it


def table(pairs: Pairs, labels: Labels, pieces: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """The strongest pieces of each kind of each pair, as COLUMNS; by pair, kind, and strength.

    Parameters
    ----------
    pieces : tables of pair, source, strength, value and detail by kind.
    """
    parts = [own.assign(kind=kind) for kind, several in pieces.items() for own in several]
    whole = (
        pd.concat(parts) if parts else pd.DataFrame(columns=["pair", "source", "strength", "value", "detail", "kind"])
    )
    whole["order"] = whole["kind"].map({kind: place for place, kind in enumerate(KINDS)}).astype(int)
    whole = whole.sort_values(["pair", "order", "strength"], ascending=[True, True, False], kind="stable")
    rank = whole.groupby(["pair", "order"]).cumcount()
    whole = whole[rank < whole["kind"].map(SHOWN).astype(int)]
    pair = whole["pair"].to_numpy(np.intp)
    gene, term = np.array(labels.genes, object)[pairs.gene[pair]], np.array(labels.terms, object)[pairs.term[pair]]
    return whole.assign(gene_id=gene, go_id=term)[COLUMNS].reset_index(drop=True)
