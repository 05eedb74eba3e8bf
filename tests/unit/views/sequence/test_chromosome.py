import math

import numpy as np
import pandas as pd
import pytest

from geneduet import tables
from geneduet.views.given import Given
from geneduet.views.sequence import chromosome

# a, b and d are on the one strand, c between b and d on the other; e is alone on its plasmid
TABLE = pd.DataFrame(
    [
        ("a", "chr", 1, 100, 1),
        ("b", "chr", 111, 200, 1),
        ("c", "chr", 301, 400, -1),
        ("d", "chr", 1201, 1300, 1),
        ("f", "chr", 1281, 2001, -1),
        ("e", "plasmid", 1, 90, -1),
    ],
    columns=["gene_id", "sequence_region", "start", "end", "strand"],
)


@pytest.fixture
def features():
    found = chromosome.describe(TABLE)
    return found.rename(columns=lambda name: name.removeprefix("chromosome:"))


def test_place_is_that_of_the_middle_between_the_first_and_the_last_gene(features):
    # the region's genes reach from 1 to 2001; c's middle is 350.5
    assert features.loc["c", "place"] == pytest.approx((350.5 - 1) / 2000)
    assert features.loc["e", "place"] == 0.5


def test_gaps_are_those_to_the_same_strand_as_a_gene_is_read(features):
    # a to b: 101 to 110; b to d, past c: 201 to 1200
    assert features.loc["b", ["gap_before", "gap_after"]].tolist() == pytest.approx([math.log10(10), 3])
    assert math.isnan(features.loc["a", "gap_before"])
    assert math.isnan(features.loc["d", "gap_after"])
    # c and f are read backward: f comes before c; 401 to 1280
    assert features.loc["c", "gap_before"] == features.loc["f", "gap_after"] == pytest.approx(math.log10(880))
    assert math.isnan(features.loc["c", "gap_after"])


def test_genes_that_overlap_have_a_gap_of_none():
    table = TABLE.iloc[:2].assign(start=[1, 90])
    assert chromosome.describe(table)["chromosome:gap_after"].tolist()[0] == 0


def test_runs_and_regions_are_counted(features):
    assert features["run"].to_dict() == {"a": 2, "b": 2, "c": 1, "d": 1, "f": 1, "e": 1}
    assert features["genes"].to_dict() == {"a": 5, "b": 5, "c": 5, "d": 5, "f": 5, "e": 1}
    assert features["strand"].tolist() == [1, 1, -1, 1, -1, -1]


def test_genes_without_a_place_are_left_out(tmp_path):
    path = tmp_path / "genes.parquet"
    tables.write(path, TABLE)
    found = chromosome.features(Given(["x", "d", "a"], files={"gff": [path]}))
    assert (found.index.tolist(), found.index.name, set(found.dtypes)) == (["a", "d"], "gene_id", {np.dtype("float32")})
    # neighbours outside the universe count
    assert found.loc["a", "chromosome:run"] == 2


def test_without_tables_there_are_no_features():
    assert chromosome.features(Given(["a"])).size == 0
