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
    "low_complexity": Family("sequence", "proteome", True, "repeats and stretches of few residues"),
    "dipeptides": Family("sequence", "proteome", True, "share of each pair of neighbouring residues"),
    "modules": Family("expression", "expression", True, "place on the principal components of the compendium, spread"),
}


def of_view(view: str, default: bool = False) -> list[str]:
    """Names of a view's families, those on by default alone if asked for."""
    return [name for name, own in FAMILIES.items() if own.view == view and (own.default or not default)]
