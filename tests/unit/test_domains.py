import gzip
import math
from io import BytesIO

import pytest
from pyhmmer import easel, hmmer, plan7

from geneduet import domains
from geneduet.domains import COLUMNS, read_domains
from geneduet.errors import InputError

# --- InterProScan


def interproscan(
    protein="b1", signature="PF00001", start=10, end=20, score="1.0E-9", status="T", more=(), database="Pfam"
):
    cells = [
        protein,
        "md5",
        "300",
        database,
        signature,
        "7tm",
        str(start),
        str(end),
        score,
        status,
        "01-01-2023",
        *more,
    ]
    return "\t".join(cells) + "\n"


def read(tmp_path, *texts, genes=("b1", "b2"), sequences=(), proteins=None):
    paths = [tmp_path / f"{number}.txt" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return read_domains(paths, list(genes), list(sequences), threads=1, protein_of_gene=proteins)


def rows(table):
    assert table.columns.tolist() == COLUMNS
    return table.values.tolist()


def test_a_signature_and_its_interpro_entry_are_two_domains(tmp_path):
    text = interproscan(more=["IPR000276", "GPCR", "GO:0004930", "-"]) + interproscan("b2", more=["-", "-"])
    assert rows(read(tmp_path, text)) == [
        ["b1", "IPR000276", 10, 20, 1e-9],
        ["b1", "PF00001", 10, 20, 1e-9],
        ["b2", "PF00001", 10, 20, 1e-9],
    ]


@pytest.mark.parametrize("columns", range(11, 16))
def test_interproscan_gives_11_to_15_columns(tmp_path, columns):
    row = interproscan(more=["IPR000276", "GPCR", "GO:0004930", "Reactome:R-1"][: columns - 11])
    assert len(read(tmp_path, row)) == (1 if columns == 11 else 2)


def test_matches_that_are_not_true_are_left_out(tmp_path):
    assert rows(read(tmp_path, interproscan(status="?") + interproscan("b2"))) == [["b2", "PF00001", 10, 20, 1e-9]]


def test_a_score_that_is_no_evalue_is_not_taken_for_one(tmp_path):
    text = interproscan(score="-", database="Coils", signature="Coil")
    text += interproscan(score="25.4", database="ProSiteProfiles", signature="PS50011", start=30, end=40)
    assert [math.isnan(evalue) for evalue in read(tmp_path, text)["evalue"]] == [True, True]


def test_places_of_one_entry_that_overlap_by_more_than_half_become_one(tmp_path):
    # 1-100 and 40-110: 61 of the shorter's 71 residues are shared; 100-150 shares 11 of 51
    text = interproscan(signature="PF1", start=1, end=100, score="1e-5", more=["IPR1", "a"])
    text += interproscan(signature="SM1", start=40, end=110, score="1e-8", more=["IPR1", "a"])
    text += interproscan(signature="PS1", start=100, end=150, score="-", more=["IPR1", "a"])
    found = read(tmp_path, text)
    entry = found[found["domain"] == "IPR1"]
    assert entry[["start", "end"]].values.tolist() == [[1, 110], [100, 150]]
    assert entry["evalue"].tolist()[0] == 1e-8


def test_ids_are_those_of_genes_or_of_their_proteins(tmp_path):
    text = interproscan("p1") + interproscan("b2") + interproscan("sp|b3|X_Y") + interproscan("p1.isoform")
    found = read(tmp_path, text, genes=("b1", "b2", "b3"), proteins={"b1": "p1"})
    assert found["gene_id"].tolist() == ["b1", "b2", "b3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0.txt: no domains in it"),
        ("##gff-version 3\nb1\tPfam\tmatch\n", r"0\.txt:2: not a format of domains that is known"),
        (interproscan() + "b1\t1\t2\n", r"0\.txt:2: 3 columns, InterProScan's TSV has 11 to 15"),
        (interproscan() + interproscan(start="x"), r"0\.txt:2: start 'x' is not a whole number"),
        (interproscan(start=30), r"0\.txt:1: start 30 and stop 20 are no stretch"),
        (interproscan(score="low"), r"0\.txt:1: score 'low' is not a number"),
        (interproscan("x1"), "none of its ids joins a gene: saw x1 but want b1, b2"),
        ("HMMER3/f [3.3]\nNAME  x\n", "0.txt: a library of HMMs needs proteins"),
    ],
)
def test_a_faulty_file_is_an_error_of_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


# --- tables of HMMER, as HMMER 3.4 writes them

DOMAIN_HEADER = """\
#                                                                            --- full sequence --- -------------- this domain -------------   hmm coord   ali coord   env coord
# target name        accession   tlen query name           accession   qlen   E-value  score  bias   #  of  c-Evalue  i-Evalue  score  bias  from    to  from    to  from    to  acc description of target
#------------------- ---------- ----- -------------------- ---------- ----- --------- ------ ----- --- --- --------- --------- ------ ----- ----- ----- ----- ----- ----- ----- ---- ---------------------
"""  # noqa: E501
TARGET_HEADER = """\
#                                                               --- full sequence ---- --- best 1 domain ---- --- domain number estimation ----
# target name        accession  query name           accession    E-value  score  bias   E-value  score  bias   exp reg clu  ov env dom rep inc description of target
"""  # noqa: E501


def footer(program, options=""):
    return f"#\n# Program:         {program}\n# Option settings: {program} {options}--domtblout out own.hmm own.faa\n"


def domain(target, query, evalue="1e-20", place="13 97", names=("PF00069.28", "-")):
    hit = f"1.1e-19 67 0.0 1 2 3e-23 {evalue} 66.1 0.1 5 90 {place} 11 99 0.9 A kinase"
    return f"{target} {names[0]} 264 {query} {names[1]} 300 {hit}\n"


def target(target, query, evalue="1e-20"):
    return f"{target} PF00069.28 {query} - {evalue} 67 0.0 2e-3 66 0.1 1.2 1 0 0 1 1 1 1 A kinase\n"


def test_in_hmmscan_the_queries_are_the_proteins_and_ali_coord_is_the_place(tmp_path):
    text = DOMAIN_HEADER + domain("Pkinase", "b1") + domain("Pkinase", "b1", "1e-5", "120 200") + footer("hmmscan")
    assert rows(read(tmp_path, text)) == [["b1", "PF00069", 13, 97, 1e-20], ["b1", "PF00069", 120, 200, 1e-5]]


def test_in_hmmsearch_the_targets_are_the_proteins(tmp_path):
    text = DOMAIN_HEADER + domain("b1", "Pkinase", names=("-", "PF00069.28")) + footer("hmmsearch")
    assert rows(read(tmp_path, text)) == [["b1", "PF00069", 13, 97, 1e-20]]


def test_without_the_last_lines_the_side_that_joins_has_the_proteins(tmp_path):
    search = DOMAIN_HEADER + domain("b1", "Pkinase", names=("-", "PF00069.28"))
    scan = DOMAIN_HEADER + domain("Pkinase", "b2")
    assert read(tmp_path, search, scan)[["gene_id", "domain"]].values.tolist() == [["b1", "PF00069"], ["b2", "PF00069"]]


def test_an_hmm_without_accession_goes_by_its_name_as_it_is(tmp_path):
    text = DOMAIN_HEADER + domain("cluster1.2", "b1", names=("-", "-")) + footer("hmmscan")
    assert read(tmp_path, text)["domain"].tolist() == ["cluster1.2"]


def test_weak_domains_are_left_out_unless_the_table_was_cut(tmp_path):
    weak = domain("Pkinase", "b1", "0.0011") + domain("Pkinase", "b2", "0.001")
    assert read(tmp_path, DOMAIN_HEADER + weak + footer("hmmscan"))["gene_id"].tolist() == ["b2"]
    cut = DOMAIN_HEADER + weak + footer("hmmscan", "--cut_ga ")
    assert read(tmp_path, cut)["gene_id"].tolist() == ["b1", "b2"]


def test_a_table_of_targets_has_no_coordinates(tmp_path):
    text = TARGET_HEADER + target("Pkinase", "b1") + target("Pkinase", "b2", "0.5") + footer("hmmscan")
    ((gene, name, start, end, evalue),) = rows(read(tmp_path, text))
    assert (gene, name, evalue) == ("b1", "PF00069", 1e-20)
    assert math.isnan(start)
    assert math.isnan(end)


def test_a_place_without_coordinates_yields_to_one_with(tmp_path):
    scan = DOMAIN_HEADER + domain("Pkinase", "b1") + footer("hmmscan")
    targets = TARGET_HEADER + target("Pkinase", "b1", "1e-30") + footer("hmmscan")
    for texts in ((scan, targets), (targets, scan)):
        assert rows(read(tmp_path, *texts)) == [["b1", "PF00069", 13, 97, 1e-30]]


def test_a_table_without_hits_has_no_domains(tmp_path):
    assert rows(read(tmp_path, DOMAIN_HEADER + footer("hmmscan"))) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DOMAIN_HEADER + "Pkinase PF00069.28 264 b1 -\n", r"0\.txt:4: 5 columns, --domtblout has 22"),
        (DOMAIN_HEADER + domain("Pkinase", "b1", "x"), r"0\.txt:4: E-value 'x' is not a number"),
        (DOMAIN_HEADER + domain("Pkinase", "b1", place="1 -"), r"0\.txt:4: ali coord '-' is not a whole number"),
        (DOMAIN_HEADER + domain("Pkinase", "b9"), "none of its ids joins a gene: saw b9"),
        (TARGET_HEADER + target("b1", "b2") + footer("phmmer"), "a table of phmmer; give one of hmmscan or hmmsearch"),
        ("# target name accession query name accession mdl mdl from\n", "no domains in it"),
    ],
)
def test_a_faulty_table_is_an_error_of_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


# --- libraries of HMMs

ALPHABET = easel.Alphabet.amino()
MOTIF = "MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKDLGEENFKALVLIA"
OTHER = "DPNCHWGYQERTPNDGHCWKPYEQNSDGTRHPCWYNEKQDGPSTHNRCWE"


def model(name, motif, accession=None, gathering=None, alphabet=ALPHABET):
    """An HMM of an alignment of the motif with two variants of it."""
    variants = [motif, motif[:5] + motif[6] + motif[6:], motif[:20] + motif[21] + motif[21:]]
    sequences = [easel.TextSequence(name=f"s{n}".encode(), sequence=s) for n, s in enumerate(variants)]
    alignment = easel.TextMSA(name=name.encode(), sequences=sequences).digitize(alphabet)
    hmm, _, _ = plan7.Builder(alphabet, seed=1).build_msa(alignment, plan7.Background(alphabet))
    hmm.accession = accession.encode() if accession else None
    if gathering is not None:
        hmm.cutoffs.gathering = (gathering, gathering)
    return hmm


def library(*hmms):
    with BytesIO() as text:
        for hmm in hmms:
            hmm.write(text)
        return text.getvalue()


def search(path, content, sequences, threads=1):
    path.write_bytes(content)
    return read_domains([path], ["b1", "b2", "b3"], sequences, threads)


PROTEINS = [OTHER + MOTIF, OTHER[::-1] * 2, MOTIF + OTHER + MOTIF]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_hmm_is_found_where_it_is(tmp_path, pack):
    found = search(tmp_path / "own", pack(library(model("motif", MOTIF, "PF99999.7"))), PROTEINS)
    # the motif's 50 residues stand after 50 others in b1, and before and after them in b3
    places = [["b1", "PF99999", 51, 100], ["b3", "PF99999", 1, 50], ["b3", "PF99999", 101, 150]]
    assert found.drop(columns="evalue").values.tolist() == places
    assert (found["evalue"] < 1e-15).all()


def test_an_hmm_with_gathering_cutoffs_is_held_to_them(tmp_path):
    low, high = model("low", MOTIF, gathering=20.0), model("high", MOTIF, gathering=500.0)
    found = search(tmp_path / "two.hmm", library(low, high, model("none", MOTIF)), PROTEINS)
    assert set(found["domain"]) == {"low", "none"}


def test_an_hmm_without_cutoffs_is_held_to_the_independent_evalue(tmp_path, monkeypatch):
    content = library(model("own", MOTIF))
    weakest = search(tmp_path / "own.hmm", content, PROTEINS)["evalue"].max()
    # the conditional e-value is two thirds of it: two of the three proteins have hits
    monkeypatch.setattr(domains, "MAX_EVALUE", 0.8 * weakest)
    assert search(tmp_path / "own.hmm", content, PROTEINS)["evalue"].max() < weakest


def test_a_protein_too_long_for_hmmer_is_passed_over(tmp_path):
    found = search(tmp_path / "own.hmm", library(model("own", MOTIF)), [MOTIF + "A" * 100_000, MOTIF, OTHER])
    assert found["gene_id"].tolist() == ["b2"]


def test_the_number_of_threads_changes_nothing(tmp_path):
    content = library(model("one", MOTIF), model("two", OTHER))
    one, two = (search(tmp_path / "own", content, PROTEINS, threads) for threads in (1, 2))
    assert set(one["domain"]) == {"one", "two"}
    assert one.equals(two)


def test_a_real_table_of_the_same_search_says_the_same(tmp_path):
    hmm = model("motif", MOTIF, "PF99999.7")
    proteins = easel.DigitalSequenceBlock(
        ALPHABET,
        [
            easel.TextSequence(name=f"b{number}".encode(), sequence=sequence).digitize(ALPHABET)
            for number, sequence in enumerate(PROTEINS, 1)
        ],
    )
    path = tmp_path / "hits.domtblout"
    with path.open("wb") as handle:
        for hits in hmmer.hmmsearch([hmm], proteins, cpus=1):
            hits.write(handle, format="domains", header=True)
    table = read_domains([path], ["b1", "b2", "b3"], [], threads=1)
    searched = search(tmp_path / "own.hmm", library(hmm), PROTEINS)
    assert table.drop(columns="evalue").equals(searched.drop(columns="evalue"))
    assert table["evalue"].tolist() == pytest.approx(searched["evalue"].tolist(), rel=0.1)  # the table rounds


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (library(model("own", MOTIF))[:-3], "its last HMM is cut off"),
        (gzip.compress(library(model("own", MOTIF)))[:-9], "an HMM cannot be read"),
        (library(model("own", MOTIF)).replace(b"LENG  50", b"LENG  51"), "an HMM cannot be read"),
        (
            library(model("rna", "ACGTTGCAACGGTCATGCAGTCA", alphabet=easel.Alphabet.dna())),
            "'rna' is not one of proteins",
        ),
    ],
)
def test_a_faulty_library_is_an_error_of_one_line(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        search(tmp_path / "own.hmm", content, PROTEINS)
    assert "\n" not in str(caught.value)
