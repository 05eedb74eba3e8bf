"""A made-up expression compendium."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def compendium():
    """A function: genes x samples of three modules and noise, centred by gene, some values missing."""

    def make(seed=1, genes=30, samples=12, missing=0.0):
        random = np.random.default_rng(seed)
        values = random.normal(size=(genes, 3)) @ random.normal(size=(3, samples))
        values += random.normal(size=(genes, samples))
        values[random.random(values.shape) < missing] = np.nan
        values -= np.nanmean(values, axis=1, keepdims=True)
        return pd.DataFrame(values, index=[f"g{number}" for number in range(genes)]).astype(np.float32)

    return make
