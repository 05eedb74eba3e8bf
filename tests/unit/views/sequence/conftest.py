"""A family's features of single proteins, by name."""

from importlib import import_module

import pytest

from geneduet.views.given import Given


@pytest.fixture
def describe():
    """From a family and a protein to its features: a series by name."""

    def features(family, protein):
        module = import_module(f"geneduet.views.sequence.{family}")
        return module.features(Given(["gene"], [protein])).loc["gene"]

    return features
