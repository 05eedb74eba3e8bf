"""The command line: one thin command a step, which turns files into arrays and back. No science in it.

Imports stand inside the commands, so that `geneduet --help` and each step start at once.
"""

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from cyclopts import App, CycloptsError, Parameter

from geneduet import __version__
from geneduet.errors import InputError
from geneduet.progress import say
from geneduet.settings import JudgedGenes, Settings

if TYPE_CHECKING:
    import pandas as pd

    from geneduet.crossfit import Matrix, Task
    from geneduet.evaluation.cases import Genes
    from geneduet.explorer import Places
    from geneduet.labels import Labels
    from geneduet.learners import View
    from geneduet.views.vote import Voters

app = App(name="geneduet", version=__version__, help="Predicts Gene Ontology terms from sequence and expression.")
Described = TypeVar("Described", bound=Callable[..., object])


def described(thing: Described) -> Described:
    """Let `--help` show what our docstrings say: cyclopts takes what stands after `name :` for a type."""

    def spell_out(entry: re.Match[str]) -> str:
        indent, names, text = entry.groups()
        return "\n".join(f"{indent}{name}\n{indent}    {text}" for name in names.split(", "))

    thing.__doc__ = re.sub(
        r"^( *)(\w+(?:, \w+)*) : (.+)$", spell_out, inspect.cleandoc(thing.__doc__ or ""), flags=re.M
    )
    return thing


Mode = Literal["replace", "append"]


# --- inputs


@app.command
@described
def read_ontology(obo: Path, ontology: Path) -> None:
    """Read an OBO file.

    Parameters
    ----------
    obo : the ontology, OBO[.gz].
    ontology : where to write it as NPZ.
    """
    from geneduet import ontology as go

    read = go.read_obo(obo)
    go.write(ontology, read)
    say(f"{len(read.terms)} live terms, release {read.release or 'not stated'}")


@app.command
@described
def read_genes(
    genes: Path, *, proteome: Path | None = None, gene_map: Path | None = None, table: list[Path] | None = None
) -> None:
    """Write the gene universe: gene_id, and protein_id, sequence and description where there is a proteome.

    Parameters
    ----------
    genes : where to write (Parquet).
    proteome : FASTA[.gz].
    gene_map : TSV protein_id, gene_id.
    table : without a proteome: genes x anything, of whose gene ids the union is taken; several times.
    """
    from geneduet import tables

    if proteome is None:
        import pandas as pd

        from geneduet.expression import read_matrix

        ids = sorted({gene for file in table or [] for gene in read_matrix(file).index})
        tables.write(genes, pd.DataFrame({"gene_id": ids}))
    else:
        from geneduet.proteome import read_proteome

        tables.write(genes, read_proteome(proteome, gene_map))
    say(f"{len(tables.read(genes))} genes")


@app.command
@described
def read_annotations(
    source: Path,
    annotations: Path,
    *,
    genes: Path,
    ontology: Path,
    evidence_code: list[str],
    id_map: Path | None = None,
    gpi: Path | None = None,
) -> None:
    """Join annotations to the genes and select those that count.

    Parameters
    ----------
    source : GAF, GPAD or TSV[.gz].
    annotations : where to write gene_id, term, evidence, negated (Parquet).
    genes, ontology : as read.
    evidence_code : one that counts as validated; several times.
    id_map : TSV gene_id, then columns of aliases.
    gpi : GPI[.gz] that names the genes of a GPAD.
    """
    from geneduet import annotations as reader
    from geneduet import ontology as go
    from geneduet import tables

    ids = tables.read(genes)["gene_id"].tolist()
    joined, join = reader.join_genes(reader.read_annotations(source, gpi), ids, _aliases(id_map, ids), source)
    chosen, selection = reader.select(joined, go.read(ontology), evidence_code)
    tables.write(annotations, chosen)
    say(join, selection)


@app.command
@described
def read_expression(
    expression: Path,
    scale: Path,
    *,
    genes: Path,
    study: Annotated[list[tuple[str, str, Path]], Parameter(negative="")],
    id_map: Path | None = None,
) -> None:
    """Merge expression studies on one scale.

    Parameters
    ----------
    expression : where to write genes x samples (Parquet).
    scale : where to write how each sample was brought to the common scale (Parquet).
    genes : as read.
    study : name, kind (counts, tpm, log, ratio) and file of a study; several times.
    id_map : TSV gene_id, then columns of aliases.
    """
    import pandas as pd

    from geneduet import expression as reader
    from geneduet import tables

    ids = tables.read(genes)["gene_id"].tolist()
    studies = [reader.Study(name, kind, reader.read_matrix(file), file) for name, kind, file in study]
    merged, reports = reader.merge_studies(studies, ids, _aliases(id_map, ids))
    tables.write_matrix(expression, merged)
    tables.write(scale, pd.concat([report.scale for report in reports], ignore_index=True))
    say(f"{merged.shape[0]} of {len(ids)} genes x {merged.shape[1]} samples", *reports)


@app.command
@described
def make_labels(
    folder: Path,
    *,
    genes: Path,
    ontology: Path,
    min_positives: int,
    minimum_labels: int,
    taxon_id: int,
    lineage: list[int] | None = None,
    annotations: Path | None = None,
    holdout: Path | None = None,
    reference: list[Path] | None = None,
    trust: Path | None = None,
) -> None:
    """Make the three-state labels of each aspect; where there are too few, the reference's vote stands in.

    Parameters
    ----------
    folder : where to write `<aspect>.npz`, and `held_out/<aspect>.npz` with the labels that no learner may read.
    genes, ontology : as read.
    min_positives : annotated genes that a term needs.
    minimum_labels : labelled genes that an aspect needs.
    taxon_id : of the organism.
    lineage : taxa above it; several times.
    annotations : as read; none where the organism has none of its own.
    holdout : gene ids, one a line, whose labels are hidden from training.
    reference : its vote in each aspect (`<aspect>.npz`); several times.
    trust : how far that is to be trusted, as `trust-reference` wrote it.
    """
    import pandas as pd

    from geneduet import annotations as reader
    from geneduet import labels, tables, taxon, transfer
    from geneduet import ontology as go

    ids = tables.read(genes)["gene_id"].tolist()
    hidden = _gene_list(holdout, ids)
    graph = go.read(ontology)
    rows = reader.none() if annotations is None else tables.read(annotations)
    taxa = taxon.lineage(graph, taxon_id, lineage or [])
    forbidden = taxon.forbidden(graph, taxa)
    say(*taxon.findings(graph, taxa, forbidden, rows))
    votes = {file.stem: file for file in reference or []}
    trusted = None if trust is None else pd.read_csv(trust, sep="\t")
    for aspect in go.ASPECTS:
        seen, judged = labels.make(aspect, ids, rows, graph, hidden, min_positives, forbidden=forbidden)
        own = None if trusted is None else trusted[trusted["aspect"] == aspect]
        if own is not None and seen.annotated.sum() < minimum_labels <= own["n_proteins"].sum():
            told = transfer.read(votes[aspect], own)
            seen, judged = labels.make(aspect, ids, rows, graph, hidden, min_positives, told, forbidden)
        labels.write(folder / f"{aspect}.npz", seen)
        labels.write(folder / "held_out" / f"{aspect}.npz", judged)
        counts = f"{int(seen.validated.sum())} labelled genes, {int(judged.annotated.sum())} held out"
        say(f"{aspect}: {len(seen.terms)} terms, {counts}, {seen.negative.nnz} negative pairs")
        if seen.transfer is not None:
            number = int(seen.transfer.labelled.sum())
            say(f"{aspect}: too few labels, so {number} genes are learned from by what the reference says of them")


@app.command
@described
def make_later_labels(annotations: Path, folder: Path, *, ontology: Path, labels: list[Path]) -> None:
    """Make the labels of a later release, on the terms of the labels that are learned from.

    Parameters
    ----------
    annotations, ontology : as read.
    folder : where to write `<aspect>.npz`; no learner may read them.
    labels : of each aspect, to learn from.
    """
    from geneduet import labels as label
    from geneduet import ontology as go
    from geneduet import tables

    graph, rows = go.read(ontology), tables.read(annotations)
    for seen in map(label.read, labels):
        later = label.relabel(seen, rows, graph)
        label.write(folder / f"{seen.aspect}.npz", later)
        new, lost = int((later.annotated & ~seen.validated).sum()), int((seen.validated & ~later.annotated).sum())
        gained = (later.positive > seen.positive).nnz
        say(f"{seen.aspect}: {new} genes annotated for the first time, {lost} no more; {gained} pairs gained in all")


# --- views


@app.command
@described
def describe_family(
    view: Literal["sequence", "expression"],
    family: str,
    features: Path,
    *,
    genes: Path,
    expression: Path | None = None,
    file: Annotated[list[tuple[str, Path]] | None, Parameter(negative="")] = None,
    modules: int = 50,
) -> None:
    """Write the features of one family.

    Parameters
    ----------
    view : that the family is of.
    family : its name, see docs/features.md.
    features : where to write genes x features (Parquet).
    genes : as read.
    expression : genes x samples.
    file : what else a family is made of, by the key that names it; several times.
    modules : components of a family that finds such.
    """
    from importlib import import_module

    import pandas as pd

    from geneduet import tables
    from geneduet.views.given import Given

    read = tables.read(genes)
    sequences = read["sequence"].tolist() if "sequence" in read else []
    compendium = pd.DataFrame() if expression is None else tables.read_matrix(expression)
    files = {key: [path for name, path in file or [] if name == key] for key, _ in file or []}
    given = Given(read["gene_id"].tolist(), sequences, compendium, files, modules)
    found = import_module(f"geneduet.views.{view}.{family}").features(given)
    tables.write_matrix(features, found)
    say(f"{family}: {found.shape[1]} features of {found.shape[0]} genes")


@app.command
@described
def read_domains(domains: Path, source: list[Path], *, genes: Path, threads: int = 1) -> None:
    """Read where the domains of the proteins are.

    Parameters
    ----------
    domains : where to write gene_id, domain, start, end, evalue (Parquet).
    source : InterProScan TSV, HMMER tables, or HMM libraries to search the proteins with.
    genes : as read, with sequences.
    """
    from geneduet import domains as reader
    from geneduet import tables

    read = tables.read(genes)
    ids = read["gene_id"].tolist()
    named = dict(zip(ids, read["protein_id"], strict=True))
    found = reader.read_domains(source, ids, read["sequence"].tolist(), threads, named)
    tables.write(domains, found)
    say(
        f"{len(found)} domains of {found['domain'].nunique()} kinds in {found['gene_id'].nunique()} of {len(ids)} genes"
    )


@app.command
@described
def read_genome(
    kind: Literal["cds", "gff"], source: Path, table: Path, *, genes: Path, id_map: Path | None = None
) -> None:
    """Read coding sequences, or the places of the genes.

    Parameters
    ----------
    kind : which of the two.
    source : FASTA[.gz] of coding sequences, or GFF3[.gz].
    table : where to write them (Parquet).
    genes : as read.
    id_map : TSV gene_id, then columns of aliases.
    """
    from geneduet import genome, tables

    ids = tables.read(genes)["gene_id"].tolist()
    found = (genome.read_cds if kind == "cds" else genome.read_gff)(source, ids, _aliases(id_map, ids))
    tables.write(table, found)
    say(f"{found['gene_id'].nunique()} of {len(ids)} genes")


@app.command
@described
def join_view(
    features: Path,
    *,
    genes: Path,
    family: list[Path] | None = None,
    table: Path | None = None,
    mode: Mode = "replace",
) -> None:
    """Put the families of a view side by side, or a ready-made table instead of them, or beside them.

    Parameters
    ----------
    features : where to write genes x features (Parquet).
    genes : as read.
    family : features of a family; several times.
    table : ready-made features.
    mode : whether they stand instead of the families, or beside them.
    """
    import pandas as pd

    from geneduet import tables

    built = None
    if family and (table is None or mode == "append"):
        built = pd.concat(map(tables.read_matrix, family), axis=1).sort_index().rename_axis("gene_id")
    tables.write_matrix(features, _with_table(built, table, tables.read(genes)["gene_id"].tolist()))


@app.command
@described
def search_homologues(
    genes: Path, hits: Path, engine_used: Path, *, engine: str, max_evalue: float, threads: int = 1
) -> None:
    """Search all proteins against all.

    Parameters
    ----------
    genes : as read, with sequences.
    hits : where to write the hits (Parquet).
    engine_used : where to write the name and version of the engine.
    engine : auto, diamond or phmmer.
    max_evalue : of a hit.
    """
    from geneduet import tables
    from geneduet.files import open_output
    from geneduet.views import homology

    read = tables.read(genes)
    chosen = homology.choose_engine(engine)
    found = homology.search(read["gene_id"].tolist(), read["sequence"].tolist(), chosen, max_evalue, threads)
    with open_output(engine_used) as handle:
        handle.write(homology.engine_version(chosen) + "\n")
    tables.write(hits, found)
    say(f"{len(found)} hits between {len(read)} proteins by {homology.engine_version(chosen)}")


@app.command
@described
def rank_coexpression(expression: Path, neighbours: Path, *, partners: int = 50) -> None:
    """Write each gene's closest partners by mutual rank.

    Parameters
    ----------
    expression : genes x samples table (Parquet).
    neighbours : where to write gene_id, partner_id, mutual_rank, correlation.
    partners : how many partners a gene keeps.
    """
    from geneduet import tables
    from geneduet.views import coexpression

    tables.write(neighbours, coexpression.partners(tables.read_matrix(expression), partners))


@app.command
@described
def link_genes(
    by: Literal["homologues", "coexpressed", "chromosome"],
    found: Path,
    links: Path,
    *,
    genes: Path,
    homologues: Path | None = None,
) -> None:
    """Write the links along which labelled genes vote.

    Parameters
    ----------
    by : what links them.
    found : hits of the homology search, co-expressed partners, or places on the chromosome.
    links : where to write gene_id, partner_id, weight, copy (Parquet).
    genes : as read.
    homologues : hits of the homology search, which tell copies, whatever links them; without them nothing is a copy.
    """
    import pandas as pd

    from geneduet import genome, tables
    from geneduet.views import coexpression, homology
    from geneduet.views import links as table
    from geneduet.views.vote import Neighbours

    ids = tables.read(genes)["gene_id"].tolist()
    hits = pd.DataFrame(columns=homology.COLUMNS) if homologues is None else tables.read(homologues)
    linked = {
        "homologues": homology.neighbours,
        "coexpressed": coexpression.neighbours,
        "chromosome": genome.neighbours,
    }
    neighbours = Neighbours(linked[by](tables.read(found), ids), homology.copies(hits, ids))
    tables.write(links, table.to_table(neighbours, ids))


@app.command
@described
def bridge_genes(links: Path, bridges: Path, *, genes: Path) -> None:
    """Write links to genes that are reached through others, labelled or not.

    Parameters
    ----------
    links : as written by `link-genes`.
    bridges : where to write them, in the same form.
    genes : as read.
    """
    from geneduet import tables
    from geneduet.views import links as table

    ids = tables.read(genes)["gene_id"].tolist()
    direct = table.from_table(tables.read(links), ids)
    reached = table.bridges(direct)
    tables.write(bridges, table.to_table(reached, ids))
    say(f"{direct.weights.nnz} direct links, {reached.weights.nnz} with those through others")


@app.command
@described
def read_reference(
    proteome: Path,
    source: Path,
    proteins: Path,
    annotations: Path,
    *,
    ontology: Path,
    gpi: Path | None = None,
    evidence_code: list[str] | None = None,
    exclude_taxon: list[int] | None = None,
) -> None:
    """Read annotated proteins of other species.

    Parameters
    ----------
    proteome : FASTA[.gz].
    source : GAF, GPAD or TSV[.gz] of their annotations.
    proteins : where to write those that are annotated: gene_id, sequence (Parquet).
    annotations : where to write gene_id, term, evidence, negated (Parquet).
    ontology : as read.
    gpi : GPI[.gz] that names the proteins of a GPAD.
    evidence_code : one that counts; several times; all but ND without any.
    exclude_taxon : NCBI taxonomy id of a species to leave out; several times.
    """
    from geneduet import ontology as go
    from geneduet import reference, tables

    found = reference.read_source(proteome, source, go.read(ontology), evidence_code, exclude_taxon or [], gpi)
    tables.write(proteins, found.proteins)
    tables.write(annotations, found.annotations)
    say(*found.reports)


@app.command
@described
def search_reference(
    genes: Path, proteins: Path, hits: Path, *, engine: str, max_evalue: float, threads: int = 1
) -> None:
    """Search the proteins of the organism against those of the reference.

    Parameters
    ----------
    genes : as read, with sequences.
    proteins : of the reference, as read.
    hits : where to write the hits (Parquet).
    engine : auto, diamond or phmmer.
    max_evalue : of a hit.
    """
    from geneduet import tables
    from geneduet.views import homology

    own, others = tables.read(genes), tables.read(proteins)
    queries, targets = (dict(zip(table["gene_id"], table["sequence"], strict=True)) for table in (own, others))
    found = homology.search_others(queries, targets, homology.choose_engine(engine), max_evalue, threads)
    tables.write(hits, found)
    say(f"{found['query'].nunique()} of {len(own)} proteins have a hit in the reference, {len(found)} hits")
    if same := homology.nearly_identical(found):
        say(
            f"{len(same)} proteins are nearly identical to one of the reference (97% over 90% of both): if that is of "
            "the same species, its labels may be the organism's own, and cross-validation flatters; see exclude_taxa"
        )


@app.command
@described
def make_reference(folder: Path, *, hits: Path, genes: Path, annotations: Path, ontology: Path) -> None:
    """Make the reference's vote of each aspect: which proteins vote on a gene, and what they say.

    Parameters
    ----------
    folder : where to write `<aspect>.npz`.
    hits : of the genes in the reference.
    genes : as read.
    annotations : of the reference, as read.
    ontology : as read.
    """
    from geneduet import ontology as go
    from geneduet import tables
    from geneduet.views import reference

    graph, ids = go.read(ontology), tables.read(genes)["gene_id"].tolist()
    found, rows = tables.read(hits), tables.read(annotations)
    for aspect in go.ASPECTS:
        made = reference.make(aspect, ids, found, rows, graph)
        reference.write(folder / f"{aspect}.npz", made)
        told = made.labels.sum(axis=1) > 0
        say(f"{aspect}: {told.sum()} annotated proteins vote, on {(made.weights @ told > 0).sum()} genes")


@app.command
@described
def trust_reference(
    proteins: Path,
    trust: Path,
    *,
    annotations: Path,
    ontology: Path,
    engine: str,
    max_evalue: float,
    seed: int,
    threads: int = 1,
) -> None:
    """Measure how far the reference's vote is to be trusted: some of its proteins are put to the vote of the others.

    Parameters
    ----------
    proteins, annotations : of the reference, as read.
    trust : where to write aspect, above_bitscore, trust, n_proteins (TSV).
    ontology : as read.
    engine : auto, diamond or phmmer.
    max_evalue : of a hit.
    seed : of the choice of proteins.
    """
    import pandas as pd

    from geneduet import ontology as go
    from geneduet import tables, transfer
    from geneduet.views import homology

    read, rows, graph = tables.read(proteins), tables.read(annotations), go.read(ontology)
    sequences = dict(zip(read["gene_id"], read["sequence"], strict=True))
    sampled = transfer.sample(list(sequences), seed)
    queries = {protein: sequences[protein] for protein in sampled}
    hits = homology.search_others(queries, sequences, homology.choose_engine(engine), max_evalue, threads)
    found = pd.concat([transfer.trust(aspect, sampled, hits, rows, graph) for aspect in go.ASPECTS])
    tables.write_tsv(trust, found)
    for aspect, own in found.groupby("aspect", sort=False):
        ranges = zip(own["above_bitscore"], own["trust"], strict=True)
        told = ", ".join(f"{weight:.2f} from a bitscore of {score:.0f}" for score, weight in ranges)
        say(f"{aspect}: the vote is trusted {told}, by {own['n_proteins'].sum()} of {len(sampled)} proteins")


@app.command
@described
def make_folds(
    genes: Path,
    folds: Path,
    *,
    labels: list[Path],
    count: int,
    identity: float,
    coverage: float,
    seed: int,
    hits: Path | None = None,
    at_random: bool = False,
) -> None:
    """Put whole homology families into folds.

    Parameters
    ----------
    genes : as read.
    folds : where to write gene_id, family, fold, reserved (Parquet).
    labels : of each aspect, for the balance.
    count : number of folds.
    identity, coverage : from which two proteins are of one family.
    seed : of the order among families of one size.
    hits : of the homology search; without them each gene is a family.
    at_random : put genes into folds one by one instead: optimistic, for comparison.
    """
    import numpy as np

    from geneduet import labels as label
    from geneduet import splits, tables
    from geneduet.views import homology

    ids = tables.read(genes)["gene_id"].tolist()
    found = None if hits is None else tables.read(hits)
    families = np.arange(len(ids)) if found is None else homology.families(found, ids, identity, coverage)
    by_aspect = {aspect.aspect: aspect.annotated for aspect in map(label.read, labels)}
    split = splits.split_table(ids, families, np.any(list(by_aspect.values()), axis=0), count, seed, at_random)
    tables.write(folds, split)
    if found is not None:
        for aspect, annotated in by_aspect.items():
            near = homology.closest_labelled(found, ids, annotated, split["fold"].to_numpy())
            shares = ", ".join(f"{1 - row['none']:.0%} of the {row['genes']} genes" for row in near.to_dict("records"))
            say(f"{aspect}: a labelled homologue is there for {shares}")
    say(f"{len(set(families.tolist()))} families of {len(ids)} genes in {count} folds")


@app.command
@described
def hide_labels(
    hidden: Path,
    *,
    labels: list[Path],
    folds: Path,
    seed: int,
    percent: int,
    holdout: Path | None = None,
    judged: JudgedGenes = "all",
) -> None:
    """Choose the genes whose labels are hidden at a level of label efficiency.

    Parameters
    ----------
    hidden : where to write them, one gene id a line.
    labels : of each aspect.
    folds : table of folds.
    seed : of the test genes and of the order in which labels are hidden.
    percent : of the labelled genes outside the test that keep their labels.
    holdout : genes that are hidden at every level.
    judged : where the reserved families alone are, they are the test genes, whatever the seed.
    """
    import numpy as np

    from geneduet import label_efficiency, tables
    from geneduet import labels as label
    from geneduet.files import open_output

    aspects = [label.read(file) for file in labels]
    genes, annotated = aspects[0].genes, np.any([own.validated for own in aspects], axis=0)
    test = label_efficiency.test_genes(tables.read(folds), annotated, seed, judged)
    kept = label_efficiency.labelled_genes(annotated, test, percent, seed)
    out = {gene for gene, known, keeps in zip(genes, annotated, kept, strict=True) if known and not keeps}
    with open_output(hidden) as handle:
        handle.writelines(f"{gene}\n" for gene in sorted(out | _gene_list(holdout, genes)))
    say(f"{kept.sum()} of {(annotated & ~test).sum()} labelled genes keep their labels; {test.sum()} test genes")


@app.command
@described
def make_domain_votes(folder: Path, *, domains: Path, domain_terms: list[Path], genes: Path, ontology: Path) -> None:
    """Make the vote of the domains in each aspect: which genes have which, and what is said of them.

    Parameters
    ----------
    folder : where to write `<aspect>.npz`.
    domains : as read.
    domain_terms : interpro2go, pfam2go; several times.
    genes, ontology : as read.
    """
    from geneduet import mappings, tables
    from geneduet import ontology as go
    from geneduet.views import reference

    graph, ids, found = go.read(ontology), tables.read(genes)["gene_id"].tolist(), tables.read(domains)
    rows = mappings.annotations([mappings.read_external2go(file) for file in domain_terms], graph)
    hits = found.drop_duplicates(["gene_id", "domain"]).rename(columns={"gene_id": "query", "domain": "target"})
    for aspect in go.ASPECTS:
        made = reference.make(aspect, ids, hits.assign(bitscore=1.0), rows, graph)
        reference.write(folder / f"{aspect}.npz", made)
        say(f"{aspect}: {int((made.labels.sum(axis=1) > 0).sum())} of {len(made.proteins)} domains have a term")


# --- learning


@Parameter(name="*")
@described
@dataclass(frozen=True, kw_only=True)
class Learning:
    """What both learning steps need.

    Parameters
    ----------
    labels : of the aspect.
    folds : table of folds.
    sequence, expression : features of the views.
    voters : view, name and file of those whose labels vote: links between genes (Parquet), or a reference (NPZ);
        several times.
    minimum_labels : labelled genes that an aspect needs.
    seed : of everything random.
    threads : folds fitted at the same time.
    settings : how trees are grown.
    unknown_weight : weight of a pair that is neither annotated nor NOT.
    """

    labels: Path
    folds: Path
    seed: int
    minimum_labels: int
    sequence: Path | None = None
    expression: Path | None = None
    voters: Annotated[list[tuple[str, str, Path]], Parameter(negative="")] = field(default_factory=list)
    threads: int = 1
    settings: Annotated[Settings, Parameter(name="*")] = field(default_factory=Settings)
    unknown_weight: float = 1.0

    def task(self) -> "Task":
        """Read the files."""
        from geneduet import labels, tables
        from geneduet.crossfit import Task

        aspect, split = labels.read(self.labels), tables.read(self.folds)
        voters = self._voters(aspect)
        task = Task(
            labels=aspect,
            views=self._views(aspect, voters),
            homology=voters["sequence"],
            fold=split["fold"].to_numpy(),
            family=split["family"].to_numpy(),
            folds=int(split["fold"].max()) + 1,
            settings=self.settings,
            unknown_weight=self.unknown_weight,
            seed=self.seed,
            threads=self.threads,
        )
        usable = task.restricted()
        for name in sorted(task.views.keys() - usable.views.keys()):
            say(f"{aspect.aspect}: the {name} view is left out, too few labelled genes have it")
        return usable

    def _voters(self, labels: "Labels") -> "dict[str, dict[str, Voters]]":
        from geneduet import tables
        from geneduet.views import links, reference
        from geneduet.views.families import SAY_AS_REFERENCE

        voters: dict[str, dict[str, Voters]] = {"sequence": {}, "expression": {}}
        for view, name, file in self.voters:
            if labels.transfer is not None and name in SAY_AS_REFERENCE:
                continue
            if file.suffix == ".npz":
                voters[view][name] = reference.voters(reference.read(file), labels.terms)
            else:
                voters[view][name] = links.from_table(tables.read(file), labels.genes)
        return voters

    def _views(self, labels: "Labels", voters: "Mapping[str, Mapping[str, Voters]]") -> "dict[str, View]":
        from geneduet import tables
        from geneduet.learners import make_view

        views = {}
        for name, features in (("sequence", self.sequence), ("expression", self.expression)):
            if features is not None:
                views[name] = make_view(name, tables.read_matrix(features), labels.genes, voters[name])
        return views


@app.command
@described
def fit_references(scores: Path, boosters: Path, learning: Learning, *, enabled: bool = True, rounds: int = 2) -> None:
    """Fit the reference models: naive, homology, each view, the fusions, and self-training.

    Parameters
    ----------
    scores : where to write their scores (NPZ).
    boosters : folder of the fitted models.
    enabled : whether there is self-training at all, as for co-training.
    rounds : of self-training, as for co-training.
    """
    from geneduet import baselines, cotraining
    from geneduet.scores import Scores, write

    task = learning.task()
    boosters.mkdir(parents=True, exist_ok=True)
    reason = task.unlearnable(learning.minimum_labels)
    models = baselines.untrained(task)
    if reason:
        say(f"{task.labels.aspect}: not learned, {reason}; the naive model alone is left")
        models = {"naive": models["naive"]}
    else:
        learned = baselines.fit_supervised(task, boosters)
        scored = baselines.by_fold(learned)
        models |= {**scored, **baselines.fuse(task, scored), **baselines.weigh(task, learned, boosters)}
        if enabled:
            models["self_training"] = cotraining.self_train(task, learned, rounds)
        models |= baselines.learn_missingness(task)
    raw = {"naive", "homology", "reference_homology"}  # as others compute them: neither calibrated nor reconciled
    done = {name: (task.out_of_fold if name in raw else task.finish)(by_fold) for name, by_fold in models.items()}
    write(scores, Scores(task.labels.genes, task.labels.terms, done))


@app.command
@described
def cotrain(
    references: Path,
    scores: Path,
    rounds_table: Path,
    boosters: Path,
    learning: Learning,
    *,
    enabled: bool = True,
    rounds: int = 2,
    judged: JudgedGenes = "all",
) -> None:
    """Let the views teach each other, keep what helps, and choose the final scores.

    Parameters
    ----------
    references : folder of the fitted reference models.
    scores : where to write the scores of co-training, of each view after it, and the final ones (NPZ).
    rounds_table : where to write what became of each round (TSV).
    boosters : folder of the models in use, with `chosen.json`.
    enabled : whether the views teach each other at all.
    rounds : at most.
    judged : whose genes are in the scores of the table of rounds, see `splits.judged`.
    """
    from geneduet import baselines, cotraining, splits, tables
    from geneduet.scores import Scores, write

    task = learning.task()
    boosters.mkdir(parents=True, exist_ok=True)
    reason = task.unlearnable(learning.minimum_labels)
    untrained = baselines.untrained(task)
    if reason:
        outcome = cotraining.not_learned(task, untrained["naive"], reason)
    else:
        learned = baselines.reload_supervised(task, references)
        simple = baselines.calibrated(task, untrained, boosters)
        reported = splits.judged(tables.read(learning.folds), judged)
        outcome = cotraining.cotrain(task, simple, learned, rounds if enabled else 0, boosters, reported)
    models = {**outcome.models, **{f"{name}_view": by_fold for name, by_fold in outcome.views.items()}}
    done = {name: task.finish(by_fold) for name, by_fold in models.items()}
    write(scores, Scores(task.labels.genes, task.labels.terms, done))
    cotraining.write_choice(boosters / "chosen.json", outcome)
    cotraining.remove_unused(boosters, outcome)
    tables.write_tsv(rounds_table, outcome.rounds)


# --- results


@app.command
@described
def evaluate(
    folder: Path,
    *,
    organism: str,
    labels: list[Path],
    held_out: list[Path],
    references: list[Path],
    cotraining: list[Path],
    rounds: list[Path],
    folds: Path,
    later: list[Path] | None = None,
    random_references: list[Path] | None = None,
    random_cotraining: list[Path] | None = None,
    random_folds: Path | None = None,
    label_efficiency: Path | None = None,
    homologues: Path | None = None,
    reference: Path | None = None,
    expression: Path | None = None,
    bootstrap: int,
    judged: JudgedGenes = "all",
    seed: int,
) -> None:
    """Judge all models: by cross-validation, on held-out genes, and by later annotations where there are such.

    Parameters
    ----------
    folder : where to write metrics.tsv, comparisons.tsv, headlines.txt, and what the figures draw.
    organism : its name.
    labels, held_out, later, references, cotraining, rounds : a file for each aspect, in the same order.
    folds : table of folds.
    random_references, random_cotraining, random_folds : the same models on folds of genes taken one by one.
    label_efficiency : folder of what `judge-label-efficiency` wrote, which joins the tables.
    homologues, reference : hits of the homology search, and in the reference: tell orphans from genes with a homologue.
    expression : features of the expression view: tell the genes that have none.
    bootstrap : resamples behind each interval.
    judged : whose genes are in scores, see `splits.judged`.
    seed : of the bootstrap.
    """
    import numpy as np
    import pandas as pd

    from geneduet import labels as label
    from geneduet import tables
    from geneduet.evaluation import aspect, cases
    from geneduet.evaluation.diagnostics import sentences
    from geneduet.evaluation.headlines import ASPECT_NAMES, headlines, homologue_sentences
    from geneduet.evaluation.judgement import Setting
    from geneduet.files import open_output
    from geneduet.views import homology

    seen, hidden = [label.read(file) for file in labels], [label.read(file) for file in held_out]
    known_before = np.any([own.validated for own in (*seen, *hidden)], axis=0)
    parts = []
    for place, own in enumerate(seen):
        setting = Setting(organism, own.aspect, "cross_validation", seed=seed)
        genes = _judged_genes(own, folds, homologues, reference, expression, judged)
        models = _models(references[place], cotraining[place])
        after = label.read(later[place]) if later else None
        found = aspect.evaluate_aspect(models, own, hidden[place], after, known_before, genes, setting, bootstrap)
        if random_references and random_cotraining and random_folds:
            genes = _judged_genes(own, random_folds, homologues, reference, expression, judged)
            models = _models(random_references[place], random_cotraining[place])
            chosen = cases.cross_validation(own, genes, "random_folds")
            metrics, comparisons, _ = aspect.judge(models, chosen, own, genes, setting, bootstrap)
            found = aspect.extend(found, {"metrics": metrics, "comparisons": comparisons})
        say(*headlines(found["metrics"], found["comparisons"]))
        parts.append(found)
    everything = aspect.join(parts)
    everything["cotraining"] = pd.concat([pd.read_csv(file, sep="\t") for file in rounds])
    hits = pd.DataFrame(columns=homology.COLUMNS) if homologues is None else tables.read(homologues)
    fold = tables.read(folds)["fold"].to_numpy()
    nearest = [
        homology.closest_labelled(hits, own.genes, own.annotated, fold).assign(aspect=own.aspect) for own in seen
    ]
    # without a search nothing is said: no hit would read as no homologue
    searched = pd.concat(nearest) if homologues is not None else nearest[0].head(0)
    everything["homologues"] = searched.assign(organism=organism)
    if label_efficiency is not None:
        fewer = {name: pd.read_csv(label_efficiency / f"{name}.tsv", sep="\t") for name in ("metrics", "comparisons")}
        everything = aspect.extend(everything, fewer)
    for name, table in everything.items():
        tables.write_tsv(folder / f"{name}.tsv", table)
    with open_output(folder / "headlines.txt") as handle:
        handle.writelines(f"{line}\n" for line in headlines(everything["metrics"], everything["comparisons"]))
        handle.writelines(f"{line}\n" for line in homologue_sentences(everything["homologues"]))
        handle.writelines(f"{line}\n" for line in sentences(everything["diagnostics"], ASPECT_NAMES))


@app.command
@described
def judge_label_efficiency(
    folder: Path,
    *,
    organism: str,
    seeds: int,
    percent: list[int],
    folds: Path,
    holdout: Path | None = None,
    homologues: Path | None = None,
    reference: Path | None = None,
    expression: Path | None = None,
    bootstrap: int,
    judged: JudgedGenes = "all",
) -> None:
    """Judge all models at all levels of labels, on the same test genes and terms.

    Parameters
    ----------
    folder : where the levels are, `<seed>/<percent>` each, and where to write metrics.tsv, comparisons.tsv,
        label_value.tsv, and curve.tsv for the figure.
    organism : its name.
    seeds : how many, from 1 on.
    percent : of the labels, a level; several times.
    folds : table of folds.
    holdout : genes that are hidden at every level, and judged elsewhere.
    homologues, reference, expression, bootstrap, judged : as for `evaluate`.
    """
    from dataclasses import replace

    import numpy as np
    import pandas as pd

    from geneduet import label_efficiency, tables
    from geneduet import labels as label
    from geneduet.evaluation import cases
    from geneduet.evaluation.aspect import join, judge
    from geneduet.evaluation.judgement import Setting
    from geneduet.evaluation.label_value import Level, label_value
    from geneduet.ontology import ASPECTS

    parts, worth = [], []
    for aspect in ASPECTS:
        levels: list[Level] = []
        for seed in range(1, seeds + 1):
            full, test = (
                label.read(folder / str(seed) / "100" / "labels" / part / f"{aspect}.npz") for part in ("", "held_out")
            )
            elsewhere = np.isin(full.genes, list(_gene_list(holdout, full.genes)))
            test = replace(test, annotated=test.annotated & ~elsewhere)
            names: set[str] = set()
            # from the most labels down: a model that a level has too few labels for is one that a higher level has
            for own in sorted(percent, reverse=True):
                place = folder / str(seed) / str(own)
                few = label.read(place / "labels" / f"{aspect}.npz")
                raw = _models(place / "references" / f"{aspect}.npz", place / "cotraining" / f"{aspect}.npz")
                names |= raw.keys()
                models = label_efficiency.aligned(raw, names, few.terms, few.annotated, full)
                genes = _judged_genes(few, folds, homologues, reference, expression, judged)
                setting = Setting(organism, aspect, "label_efficiency", seed=seed, label_fraction=own / 100)
                chosen = cases.holdout(test, genes, "label_efficiency")
                metrics, comparisons, values = judge(models, chosen, full, genes, setting, bootstrap)
                number = int(few.annotated.sum())
                ranked = metrics.query("gene_set == 'all' and metric == 'micro_ap'").assign(n_labels=number)
                parts.append({"metrics": metrics, "comparisons": comparisons, "curve": ranked})
                micro_ap = {model: found["micro_ap"] for model, found in values["label_efficiency", "all"].items()}
                levels.append(Level(seed, own, number, micro_ap))
                say(f"{aspect}, seed {seed}, {own}%: {number} labelled genes, {len(few.terms)} terms")
        worth.append(label_value(levels, organism, aspect))
    for name, table in {**join(parts), "label_value": pd.concat(worth, ignore_index=True)}.items():
        tables.write_tsv(folder / f"{name}.tsv", table)


@app.command
@described
def write_predictions(
    folder: Path,
    *,
    organism: str,
    labels: list[Path],
    cotraining: list[Path],
    thresholds: Path,
    ontology: Path,
    genes: Path,
    taxon_id: int,
    min_score: float,
    redundant: bool = False,
    annotations: Path | None = None,
    id_map: Path | None = None,
    gpi: Path | None = None,
    reference: Path | None = None,
    sequence: Path | None = None,
    expression: Path | None = None,
    database: str | None = None,
) -> None:
    """Write the predictions: the table, GAF, GPAD and GPI, and what cafaeval reads.

    Parameters
    ----------
    folder : where to write.
    organism : its name.
    labels, cotraining : labels and scores of each aspect, in the same order.
    thresholds : table of the recommended thresholds.
    ontology, genes : as read.
    taxon_id : of the organism.
    min_score : lowest score written.
    redundant : whether GAF and GPAD hold new terms that a more specific one of the same gene implies.
    annotations : the user's file: the database it names, its date, what it calls the genes.
    id_map, gpi : as for reading it.
    reference : annotations of the reference: their date.
    sequence, expression : features of the views, which say what genes have them.
    database : prefix of the gene ids; the annotations' own when not given.
    """
    import pandas as pd

    from geneduet import annotation_files, predictions, tables
    from geneduet import annotations as reader
    from geneduet import labels as label
    from geneduet import ontology as go
    from geneduet.scores import read

    universe = tables.read(genes)
    ids = pd.Index(universe["gene_id"])
    views = {"sequence": sequence, "expression": expression}
    present = {name: ids.isin([] if file is None else tables.read_matrix(file).index) for name, file in views.items()}
    parts = []
    for label_file, score_file in zip(labels, cotraining, strict=True):
        seen, models = label.read(label_file), read(score_file).models
        own = (models.get("sequence_view"), models.get("expression_view"))
        parts.append(predictions.table(seen, seen.published(models["final"]), *own, present, min_score))
    everything = predictions.join(parts)
    predictions.write_tsv(folder / "predictions.tsv.gz", everything)
    predictions.write_cafa(folder / "predictions.cafa.tsv.gz", everything)
    graph = go.read(ontology)
    sources = [reader.read_source(file) for file in (annotations, reference) if file is not None]
    named = sources[0].database if annotations is not None else None
    least = {aspect: row["threshold"] for aspect, row in _recommended(thresholds).items()}
    new = predictions.new_predictions(everything, least, graph)
    told = predictions.new_predictions(everything, least, graph, redundant=True) if redundant else new
    tables.write(folder / "new_predictions.parquet", told)
    called = annotation_files.describe(
        universe, _own_rows(annotations, gpi, _aliases(id_map, ids.tolist()), ids.tolist())
    )
    release = annotation_files.Release(
        database=database or named or organism,
        taxon_id=taxon_id,
        date=annotation_files.newest_release(graph.release, *(source.release for source in sources)),
    )
    annotation_files.write_gaf(folder / "predictions.gaf.gz", told, graph, called, release)
    annotation_files.write_gpad(folder / "predictions.gpad.gz", told, graph, release)
    annotation_files.write_gpi(folder / "predictions.gpi.gz", called, release)
    say(f"{len(everything)} predictions, {len(new)} of them new, specific and above the threshold")


@app.command
@described
def write_report(
    page: Path,
    embedded: Path,
    *,
    predictions: Path,
    labels: list[Path],
    cotraining: list[Path],
    boosters: list[Path],
    evaluation: Path,
    genes: Path,
    ontology: Path,
    run: Path,
    figure: list[Path],
    captions: Path,
    evidence: Path,
    annotations: Path | None = None,
    id_map: Path | None = None,
    gpi: Path | None = None,
) -> None:
    """Write the page of a run, and a smaller one for Snakemake's report, which has the figures itself.

    Parameters
    ----------
    page, embedded : where to write (HTML).
    predictions : all of them.
    labels, cotraining, boosters : labels, scores and folder of the models in use of each aspect, in the same order.
    evaluation : folder with the tables that `evaluate` wrote.
    genes, ontology : as read.
    run : record of the run.
    figure : SVG; several times.
    captions : folder of the figures' captions.
    evidence : of the predictions.
    annotations, id_map, gpi : the user's files, for symbols and other names of genes.
    """
    import json
    from dataclasses import replace

    import pandas as pd

    from geneduet import cotraining as teaching
    from geneduet import explorer, report, tables
    from geneduet import labels as label
    from geneduet import ontology as go
    from geneduet import predictions as table

    everything, graph, record = table.read_tsv(predictions), go.read(ontology), json.loads(run.read_text())
    seen = [label.read(file) for file in labels]
    recommended = _recommended(evaluation / "thresholds.tsv")
    least = {aspect: row["threshold"] for aspect, row in recommended.items()}
    standing = table.standing(everything, least, graph)
    universe = tables.read(genes)
    ids = universe["gene_id"].tolist()
    aliases = _aliases(id_map, ids)
    names = report.gene_names(universe, _own_rows(annotations, gpi, aliases, ids), aliases)
    ranked = explorer.worth_showing(everything, standing)
    specific = ranked[standing[ranked] == table.SPECIFIC]
    pieces = explorer.of_rows(explorer.read_evidence(evidence), everything, specific)
    told = {
        "thresholds": least,
        "calibration": report.calibrations(pd.read_csv(evaluation / "reliability.tsv", sep="\t")),
    }
    choices = [teaching.read_choice(folder / "chosen.json") for folder in boosters]
    rounds = pd.read_csv(evaluation / "cotraining.tsv", sep="\t").query("round == 0")
    shown = report.Page(
        run=record,
        aspects=report.aspects(
            seen,
            {own.aspect: chosen.final for own, chosen in zip(seen, choices, strict=True)},
            dict(zip(rounds["aspect"], rounds["reason"], strict=True)),
            recommended,
            everything[standing == table.SPECIFIC],
        ),
        found=report.found(everything, standing, seen),
        headlines=(evaluation / "headlines.txt").read_text().splitlines(),
        figures=report.figures(figure, captions, record["config"]["name"]),
    )

    def data(rows: "Places", first: int) -> dict[str, Any]:
        return {**explorer.content(everything, standing, rows, names, graph, pieces.head(first)), **told}

    for file, chosen, limit in (
        (page, shown, report.PAGE_BYTES),
        (embedded, replace(shown, figures=[]), report.EMBEDDED_BYTES),
    ):
        text, rows = report.fitted(chosen, standing, ranked, len(pieces), data, limit)
        report.write(file, text)
        say(f"{file.name}: {rows} of {len(everything)} predictions, {len(text.encode()) / 1e6:.1f} MB")


@app.command
@described
def find_evidence(
    evidence: Path,
    references: Path,
    boosters: Path,
    learning: Learning,
    *,
    predictions: Path,
    ontology: Path,
    annotations: Path | None = None,
    homologues: Path | None = None,
    coexpressed: Path | None = None,
    reference: Path | None = None,
    reference_hits: Path | None = None,
    reference_annotations: Path | None = None,
) -> None:
    """Find out why the terms of an aspect are predicted: from whom, and by what.

    Parameters
    ----------
    evidence : where to write it (Parquet).
    references, boosters : folders of the models of the aspect, as `fit-references` and `cotrain` wrote them.
    predictions : the new ones, which are explained.
    ontology, annotations : as read; none where the organism has none of its own.
    homologues : hits of the homology search.
    coexpressed : co-expressed partners.
    reference, reference_hits, reference_annotations : what the reference says in the aspect, the hits in it, as read.
    """
    import pandas as pd

    from geneduet import annotations as reader
    from geneduet import contributions, scoring, tables
    from geneduet import evidence as why
    from geneduet import ontology as go
    from geneduet.views import reference as voting

    task, graph = learning.task(), go.read(ontology)
    labels, genes = task.labels, task.labels.genes
    pairs = why.Pairs.of(tables.read(predictions), labels)
    rows = reader.none() if annotations is None else tables.read(annotations)
    pieces: dict[str, list[pd.DataFrame]] = {kind: [] for kind in why.KINDS}
    links: dict[str, pd.DataFrame] = {}
    if homologues is not None:
        links[why.HOMOLOGUE] = why.homologue_links(tables.read(homologues), genes, genes, both_ways=True)
    if coexpressed is not None:
        links[why.COEXPRESSED] = why.coexpression_links(tables.read(coexpressed), genes)
    own = why.own_carriers(labels, rows, graph)
    for kind, found in links.items():
        blind = why.same_fold(found, labels.annotated, task.fold)
        pieces[kind].append(why.who_has_it(pairs, found, own, blind))
    if reference is not None and reference_hits is not None and reference_annotations is not None:
        others = why.reference_carriers(voting.read(reference), tables.read(reference_annotations), labels, graph)
        found = why.homologue_links(tables.read(reference_hits), genes, others.names, both_ways=False)
        pieces[why.HOMOLOGUE].append(why.who_has_it(pairs, found, others))
    if len(pairs.gene):
        recipe = scoring.Recipe.read(references, boosters)
        made = contributions.contributions(task, recipe, pairs.gene, pairs.term)
        pieces[why.FEATURE].append(why.features(pairs, made, list(task.views.values()), labels, task.fold))
    table = why.table(pairs, labels, pieces)
    tables.write(evidence, table)
    counts = ", ".join(f"{count} {kind}" for kind, count in table["kind"].value_counts(sort=False).items())
    say(f"{labels.aspect}: {len(pairs.gene)} new predictions; evidence: {counts or 'none'}")


@app.command
@described
def write_evidence(evidence: Path, aspects: list[Path]) -> None:
    """Write the evidence of all aspects for people.

    Parameters
    ----------
    evidence : where to write (TSV).
    aspects : as `find-evidence` wrote them.
    """
    import pandas as pd

    from geneduet import tables

    whole = pd.concat([tables.read(file) for file in aspects], ignore_index=True)
    tables.write_tsv(evidence, whole.sort_values(["gene_id", "go_id"], kind="stable"))


@app.command
@described
def explain(gene: str, term: str | None = None, *, results: Path, below: bool = False) -> None:
    """Say what is predicted for a gene, or why a term is.

    Parameters
    ----------
    gene : its id or symbol.
    term : its id or name; all of the gene's predictions when not given.
    results : folder of a finished run, `results/<organism>`.
    below : whether terms that score below the threshold are listed too.
    """
    from geneduet import explanation

    run = explanation.Results.read(results)
    found = run.gene(gene)
    lines = explanation.of_gene(run, found, below) if term is None else explanation.of_term(run, found, term)
    print("\n".join(lines))


@app.command
@described
def save_model(
    folder: Path,
    *,
    labels: list[Path],
    references: list[Path],
    cotraining: list[Path],
    folds: Path,
    genes: Path,
    settings: str,
    engine: Path | None = None,
    table: Annotated[list[tuple[str, Path]] | None, Parameter(negative="")] = None,
    vote: Annotated[list[tuple[str, Path]] | None, Parameter(negative="")] = None,
    sequence: Path | None = None,
    expression: Path | None = None,
) -> None:
    """Assemble all that is needed to score new genes.

    Parameters
    ----------
    folder : where to write.
    labels, references, cotraining : labels and booster folders of each aspect, in the same order.
    folds, genes : as made.
    settings : JSON of the keys by which features and learners were made.
    engine : what the homology search was made with.
    table : name in the model and file of what else new genes are described by, see `newcomers`; several times.
    vote : name and file of what reference or domains say in an aspect (`<aspect>.npz`); several times.
    sequence, expression : features of the views.
    """
    import json

    from geneduet import model_store, tables
    from geneduet.ontology import ASPECTS
    from geneduet.run_record import libraries

    views = {"sequence": sequence, "expression": expression}
    features = {name: file for name, file in views.items() if file is not None}
    votes: dict[str, dict[str, Path]] = {}
    for name, file in vote or []:
        votes.setdefault(file.stem, {})[name] = file
    model_store.save(
        folder,
        files={
            "genes": genes,
            "folds": folds,
            **{f"features/{name}": file for name, file in features.items()},
            **dict(table or []),
        },
        labels=dict(zip(ASPECTS, labels, strict=True)),
        boosters={
            aspect: {"references": reference, "cotraining": trained}
            for aspect, reference, trained in zip(ASPECTS, references, cotraining, strict=True)
        },
        votes=votes,
        features={name: list(tables.read_matrix(file).columns) for name, file in features.items()},
        record={
            "search_engine": None if engine is None else engine.read_text().strip(),
            "versions": libraries(),
            "settings": json.loads(settings),
        },
    )


@app.command
@described
def predict(
    *,
    model: Path,
    proteome: Path,
    output: Path,
    expression: Path | None = None,
    min_score: float = 0.01,
    threads: int = 1,
) -> None:
    """Score new proteins with the model of a run: see docs/predict.md.

    Parameters
    ----------
    model : its folder, `model` in the results of a run.
    proteome : FASTA[.gz] of the proteins.
    output : folder to write predictions.tsv.gz to, and summary.txt.
    expression : genes x samples, TSV or CSV[.gz]; the samples are those of the run, the genes named as the proteins.
    min_score : lowest score written.
    threads : of the search and of scoring.
    """
    import pandas as pd

    from geneduet import expression as reader
    from geneduet import model_store, newcomers, predictions, scoring
    from geneduet.files import open_output
    from geneduet.ontology import ASPECTS
    from geneduet.proteome import read_proteome

    stored, proteins = model_store.load(model), read_proteome(proteome)
    matrix = None if expression is None else reader.read_matrix(expression)
    new, said = newcomers.describe(stored, proteins, matrix, str(expression), threads)
    parts = []
    for start in range(0, len(new.genes), newcomers.BLOCK):
        some = new.some(slice(start, start + newcomers.BLOCK))
        ids = pd.Index(some.genes)
        present = {
            view: ids.isin(some.features[view].index if view in some.features else []) for view in newcomers.VIEWS
        }
        for aspect in ASPECTS:
            known, task = newcomers.task(stored, aspect, some, threads)
            scores = scoring.score(stored.recipe(aspect), known, task)
            final = task.labels.published(scores["final"])
            views = scores.get("sequence_view"), scores.get("expression_view")
            parts.append(predictions.table(task.labels, final, *views, present, min_score))
    everything = predictions.join(parts)
    predictions.write_tsv(output / "predictions.tsv.gz", everything)
    said.append(f"{len(everything)} predictions for {len(new.genes)} proteins")
    with open_output(output / "summary.txt") as handle:
        handle.writelines(f"{line}\n" for line in said)
    say(*said)


@app.command
@described
def draw_figures(evaluation: Path, folder: Path) -> None:
    """Draw the figures of the report (SVG).

    Parameters
    ----------
    evaluation : folder with the tables that `evaluate` wrote.
    folder : where to draw.
    """
    import pandas as pd

    from geneduet import figures

    drawn = {
        "precision_recall": figures.precision_recall,
        "reliability": figures.reliability,
        "cotraining": figures.cotraining,
        "information_content": figures.by_information_content,
        "coverage": figures.coverage,
    }
    for name, draw in drawn.items():
        figures.save(draw(pd.read_csv(evaluation / f"{name}.tsv", sep="\t")), folder / f"{name}.svg")


@app.command
@described
def draw_label_efficiency(curve: Path, figure: Path) -> None:
    """Draw how well the models do with fewer labels (SVG).

    Parameters
    ----------
    curve : table that `judge-label-efficiency` wrote.
    figure : where to draw.
    """
    import pandas as pd

    from geneduet import figures

    figures.save(figures.label_efficiency(pd.read_csv(curve, sep="\t")), figure)


@app.command
@described
def record_run(record: Path, *, settings: str, ontology: Path, benchmarks: Path, engine: Path | None = None) -> None:
    """Write what made the results: versions, configuration, inputs, time and memory of each step.

    Parameters
    ----------
    record : where to write (JSON).
    settings : JSON with `config`, the merged configuration, and `inputs`, the input files by key.
    ontology : as read.
    benchmarks : folder of Snakemake's benchmark files.
    engine : what the homology search was made with.
    """
    import json

    from geneduet import ontology as go
    from geneduet import run_record

    given = json.loads(settings)
    content = run_record.record(
        given["config"],
        {name: Path(file) for name, file in given["inputs"].items()},
        ontology_release=go.read(ontology).release,
        search_engine="none" if engine is None else engine.read_text().strip(),
        benchmarks=benchmarks,
    )
    run_record.write(record, content)


# --- the few helpers that several commands share


def _own_rows(
    annotations: Path | None, gpi: Path | None, aliases: Mapping[str, str], genes: list[str]
) -> "pd.DataFrame | None":
    """The user's annotations joined to the genes, as written; none where there are none."""
    from geneduet import annotations as reader

    if annotations is None:
        return None
    return reader.join_genes(reader.read_annotations(annotations, gpi), genes, aliases, annotations)[0]


def _aliases(id_map: Path | None, genes: list[str]) -> dict[str, str]:
    from geneduet.annotations import read_id_map

    if id_map is None:
        return {}
    aliases, ambiguous = read_id_map(id_map, genes)
    say(f"{len(aliases)} aliases, {ambiguous} ambiguous ones left out")
    return aliases


def _recommended(thresholds: Path) -> dict[str, dict[str, float]]:
    """Recommended threshold of each learned aspect, and what to expect there."""
    import pandas as pd

    from geneduet.evaluation.thresholds import of_aspects

    table: dict[Any, dict[Any, float]] = of_aspects(pd.read_csv(thresholds, sep="\t")).to_dict("index")
    return table


def _models(references: Path, cotraining: Path) -> "dict[str, Matrix]":
    """Scores of all models of an aspect; those of single views after co-training are no model of their own."""
    from geneduet.scores import read

    scores = {**read(references).models, **read(cotraining).models}
    return {name: matrix for name, matrix in scores.items() if not name.endswith("_view")}


def _judged_genes(
    labels: "Labels",
    folds: Path,
    homologues: Path | None,
    reference: Path | None,
    expression: Path | None,
    judged: JudgedGenes,
) -> "Genes":
    """Who may be judged, and which of them have a labelled homologue and expression.

    Parameters
    ----------
    labels : from which the models learned.
    """
    import pandas as pd

    from geneduet import splits, tables
    from geneduet.evaluation.cases import Genes
    from geneduet.views import homology

    split = tables.read(folds)
    fold = split["fold"].to_numpy()
    known, expressed = None, None
    if homologues is not None:
        known = homology.with_homologue(tables.read(homologues), labels.genes, labels.annotated, fold)
    if known is not None and reference is not None:
        known |= homology.with_reference(tables.read(reference), labels.genes)
    if expression is not None:
        expressed = pd.Index(labels.genes).isin(tables.read_matrix(expression).index)
    return Genes(splits.judged(split, judged), split["family"].to_numpy(), fold, known, expressed)


def _gene_list(file: Path | None, genes: list[str]) -> set[str]:
    """Gene ids of a file, one a line; each must be a gene."""
    from geneduet.errors import nearest
    from geneduet.files import read_lines

    if file is None:
        return set()
    known, found = set(genes), set()
    for number, line in read_lines(file):
        gene = line.strip()
        if gene and gene not in known:
            problem = f"'{gene}' is no gene of the proteome{nearest(gene, known)}"
            raise InputError(file, problem, "give one gene id a line", number)
        if gene:
            found.add(gene)
    return found


def _with_table(built: "pd.DataFrame | None", file: Path | None, genes: list[str]) -> "pd.DataFrame":
    """The features built here, the ready-made ones, or both side by side."""
    import pandas as pd

    from geneduet.annotations import no_join
    from geneduet.expression import read_matrix

    if file is None:
        return pd.DataFrame(index=pd.Index([], name="gene_id")) if built is None else built
    table = read_matrix(file)
    joined = table[table.index.isin(genes)]
    if joined.empty:
        raise no_join(file, list(table.index), genes, "give the genes as the proteome names them")
    say(f"{len(joined)} of {len(table)} rows of {file.name} join one of {len(genes)} genes")
    return joined if built is None else pd.concat([built, joined.add_prefix("table:")], axis=1)


def main() -> None:
    """Run a command; what the user did wrong is one line and exit status 2."""
    debug = "--debug" in sys.argv[1:]
    try:
        app([word for word in sys.argv[1:] if word != "--debug"], exit_on_error=False, print_error=False)
    except (InputError, CycloptsError) as fault:
        if debug:
            raise
        said = fault if isinstance(fault, InputError) else f"{' '.join(str(fault).split())}; see geneduet --help"
        print(f"error: {said}", file=sys.stderr)
        sys.exit(2)
