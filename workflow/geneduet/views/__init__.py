"""The views of a gene: families of features, homologues, co-expressed partners, and what labelled neighbours vote."""
