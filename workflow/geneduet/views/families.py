"""The families of features: each is one function in one file, can be switched off, and is cached by itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """A family: the view that it is of, the input that it needs, whether it is on by default, and what it says."""

    view: str
    needs: str
    default: bool
    about: str


# the one list of families. The module of each is views/<view>/<name>.py and has `features(given)`: float32, genes x
# features, index gene_id; genes that it says nothing of may be left out
FAMILIES = {
    "composition": Family("sequence", "proteome", True, "length, share of each residue"),
    "physicochemistry": Family("sequence", "proteome", True, "means of eight residue scales: whole, N end, C end"),
    "membrane": Family("sequence", "proteome", True, "stretches that may span a membrane"),
    "low_complexity": Family("sequence", "proteome", False, "repeats and stretches of few residues"),
    "dipeptides": Family("sequence", "proteome", False, "share of each pair of neighbouring residues"),
    "triads": Family("sequence", "proteome", False, "share of each triple of seven residue classes"),
    "pseudo_composition": Family(
        "sequence", "proteome", False, "order of hydropathy, volume, charge up to 20 residues on"
    ),
    "amphipathic": Family("sequence", "proteome", False, "hydrophobic moments of helices and strands"),
    "targeting": Family("sequence", "proteome", False, "signals at both ends, nuclear localisation"),
    "coiled_coil": Family("sequence", "proteome", False, "heptads of a coiled coil"),
    "disorder": Family("sequence", "proteome", False, "disordered stretches"),
    "domains": Family("sequence", "domains", True, "number of domains, share of residues in them, which, order"),
    "codon_usage": Family("sequence", "genome.cds", True, "RSCU of 59 codons, GC content, effective number of codons"),
    "chromosome": Family(
        "sequence", "genome.gff", True, "place, strand, gaps to its neighbours, genes in its operon-like run"
    ),
    "modules": Family("expression", "expression", True, "place on the principal components of the compendium, spread"),
    "independent_modules": Family(
        "expression",
        "expression",
        True,
        "weight in the independent components of the compendium (iModulons)",
    ),
    "profiles": Family("expression", "expression", False, "the merged values themselves; the 300 most varying samples"),
    "study_patterns": Family(
        "expression",
        "expression",
        False,
        "per study: size, spread and skewness of the response, the study's own first five components",
    ),
}


@dataclass(frozen=True)
class Voting:
    """Who votes: the view that the vote is of, the inputs that it needs, and who they are."""

    view: str
    needs: str
    about: str


# whose labels vote on a gene's terms
VOTERS = {
    "homologues": Voting("sequence", "proteome", "homologues within the proteome, by bitscore"),
    "homologues_bridges": Voting("sequence", "proteome", "genes reached through homologues, labelled or not"),
    "reference": Voting("sequence", "reference", "homologues in the annotated reference, by bitscore"),
    "domains": Voting("sequence", "domains domain_terms", "domains, by what interpro2go or pfam2go says of them"),
    "chromosome": Voting("sequence", "genome.gff", "genes of the same operon-like run, and those next to it"),
    "coexpressed": Voting("expression", "expression", "co-expressed genes, by mutual rank"),
    "coexpressed_bridges": Voting("expression", "expression", "genes reached through co-expressed ones"),
}


# voters that repeat what a reference says where its vote stands in for labels: relatives have the same voters
SAY_AS_REFERENCE = {"reference", "homologues", "homologues_bridges"}


def of_view(view: str, default: bool = False) -> list[str]:
    """Names of a view's families, those on by default alone if asked for."""
    return [name for name, own in FAMILIES.items() if own.view == view and (own.default or not default)]


def voters_of(view: str) -> list[str]:
    """Names of a view's voters."""
    return [name for name, own in VOTERS.items() if own.view == view]
