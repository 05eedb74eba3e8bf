"""GeneDuet: Gene Ontology terms predicted by co-training XGBoost on protein sequence and gene expression."""

__version__ = "0.1.0"
