"""GO evidence codes: what each stands for, and which may never serve as labels.

Source: Guide to GO evidence codes (geneontology.org/docs/guide-go-evidence-codes), plus the codes of older files.
"""

KNOWN: dict[str, str] = {
    # experiments
    "EXP": "Inferred from Experiment",
    "IDA": "Inferred from Direct Assay",
    "IPI": "Inferred from Physical Interaction",
    "IMP": "Inferred from Mutant Phenotype",
    "IGI": "Inferred from Genetic Interaction",
    "IEP": "Inferred from Expression Pattern",
    # high-throughput experiments
    "HTP": "Inferred from High Throughput Experiment",
    "HDA": "Inferred from High Throughput Direct Assay",
    "HMP": "Inferred from High Throughput Mutant Phenotype",
    "HGI": "Inferred from High Throughput Genetic Interaction",
    "HEP": "Inferred from High Throughput Expression Pattern",
    # phylogeny
    "IBA": "Inferred from Biological aspect of Ancestor",
    "IBD": "Inferred from Biological aspect of Descendant",
    "IKR": "Inferred from Key Residues",
    "IRD": "Inferred from Rapid Divergence",
    "IMR": "Inferred from Missing Residues",  # historic: now IKR
    # computation
    "ISS": "Inferred from Sequence or structural Similarity",
    "ISO": "Inferred from Sequence Orthology",
    "ISA": "Inferred from Sequence Alignment",
    "ISM": "Inferred from Sequence Model",
    "IGC": "Inferred from Genomic Context",
    "RCA": "Inferred from Reviewed Computational Analysis",
    "IEA": "Inferred from Electronic Annotation",
    # statements of authors and curators
    "TAS": "Traceable Author Statement",
    "NAS": "Non-traceable Author Statement",
    "IC": "Inferred by Curator",
    "ND": "No biological Data available",
    "NR": "Not Recorded",  # historic
}

# inferred from expression: a label made of them would be predicted from what it was made of
FROM_EXPRESSION = frozenset({"IEP", "HEP"})

# a curator looked and found nothing: it says that nothing is known, not that nothing is there
NO_ANNOTATION = frozenset({"ND"})
