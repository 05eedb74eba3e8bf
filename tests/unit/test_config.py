import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from geneduet import config
from geneduet.errors import InputError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config" / "organisms"
DEFAULTS = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
DATA = ROOT.parent / "shared" / "data"

LEAST = {"name": "yeast", "taxon_id": 559292, "ontology": "go.obo", "proteome": "p.faa", "annotations": "a.gaf"}


@pytest.fixture
def organism_file(tmp_path):
    """Write an organism file of the least keys and what is given, beside empty input files."""

    def write(file_name="yeast.yaml", without=(), **keys):
        for file in ("go.obo", "p.faa", "a.gaf", "heat.tsv.gz", "salt stress.csv", "embeddings.tsv"):
            (tmp_path / file).touch()
        file = tmp_path / file_name
        file.write_text(yaml.safe_dump({k: v for k, v in {**LEAST, **keys}.items() if k not in without}))
        return file

    return write


def load(*files, **defaults):
    return config.load([str(file) for file in files], {**DEFAULTS, **defaults}, SHIPPED)


def load_one(file, **defaults):
    (organism,) = load(file, **defaults).values()
    return organism


def message(*files, **defaults):
    with pytest.raises(InputError) as fault:
        load(*files, **defaults)
    assert "\n" not in str(fault.value)
    return str(fault.value)


# --- generated files ---


def test_generated_files_are_up_to_date():
    assert config.drift(ROOT) == [], "run `python -m geneduet.config`"


def test_drift_names_the_file_that_was_changed_and_generate_mends_it(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "README.md").write_text("prose\n<!-- keys -->\n<!-- end of keys -->\nmore\n")
    config.generate(tmp_path)
    assert config.drift(tmp_path) == []
    defaults = tmp_path / "config" / "config.yaml"
    defaults.write_text(defaults.read_text().replace("trees: 200", "trees: 61"))
    assert config.drift(tmp_path) == ["config/config.yaml"]
    config.generate(tmp_path)
    assert config.drift(tmp_path) == []
    assert (tmp_path / "config" / "README.md").read_text().startswith("prose\n")


def test_default_yaml_says_what_the_models_say(organism_file):
    file = organism_file()
    from_models = config.load([str(file)], {}, SHIPPED)
    assert load(file) == from_models


def test_every_key_is_described():
    assert [key for key, entry in config.keys().items() if not entry.get("description")] == []


def test_every_file_key_is_anchored():
    # a key that takes a file and is not in the list would be read relative to the working directory
    takes_file = {key.rpartition(".")[2] for key, entry in config.keys().items() if '"path"' in json.dumps(entry)}
    assert takes_file == config._FILE_KEYS


@pytest.mark.parametrize(
    "file", sorted([*SHIPPED.glob("*.yaml"), *(ROOT / "benchmarks/evaluation").glob("*.yaml")]), ids=str
)
def test_our_organism_files_hold_to_the_schema(file):
    schema = json.loads((ROOT / "workflow/schemas/organism.schema.json").read_text())
    Draft202012Validator(schema).validate(yaml.safe_load(file.read_text()))


# --- merging ---


def test_maps_merge_and_lists_replace(organism_file):
    file = organism_file(learner={"trees": 7}, evidence_codes=["IDA"])
    organism = load_one(file, learner={"trees": 9, "depth": 3})
    assert (organism.learner.trees, organism.learner.depth, organism.evidence_codes) == (7, 3, ["IDA"])


def test_a_bare_group_key_means_no_change(organism_file):
    organism = load_one(organism_file(learner=None, expression=None))
    assert organism.learner == config.Learner()
    assert organism.expression == []


def test_a_number_in_the_form_yaml_takes_for_text(organism_file):
    # YAML 1.1 reads 1e-5, without a dot, as text
    assert load_one(organism_file(homology={"max_evalue": "1e-5"})).homology.max_evalue == 1e-5


# --- paths ---


def test_paths_are_relative_to_the_file_that_names_them(organism_file, tmp_path, monkeypatch):
    organism_file("sub.yaml")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    organism = load_one("../sub.yaml")
    assert organism.ontology == tmp_path / "go.obo"
    assert organism.inputs() == {
        "ontology": tmp_path / "go.obo",
        "proteome": tmp_path / "p.faa",
        "annotations": tmp_path / "a.gaf",
    }


def test_a_path_among_the_defaults_is_relative_to_config_yaml(organism_file, tmp_path):
    file = organism_file(without=["ontology"])
    (tmp_path / "organisms").mkdir()
    organisms = config.load([str(file)], {**DEFAULTS, "ontology": "go.obo"}, tmp_path / "organisms")
    assert organisms["yeast"].ontology == tmp_path / "go.obo"


def test_missing_input_names_file_key_and_path(organism_file, tmp_path):
    file = organism_file(id_map="ids.tsv")
    assert message(file) == f"{file}: id_map: no such file {tmp_path}/ids.tsv; put the file there, or correct the path"


def test_a_folder_is_no_input(organism_file, tmp_path):
    assert f"proteome: no such file {tmp_path};" in message(organism_file(proteome="."))


# --- expression and views ---


@pytest.mark.parametrize(
    ("given", "studies"),
    [
        ("heat.tsv.gz", [("heat", "log", "heat.tsv.gz")]),
        ({"matrix": "heat.tsv.gz", "kind": "tpm"}, [("heat", "tpm", "heat.tsv.gz")]),
        (
            ["salt stress.csv", {"matrix": "heat.tsv.gz", "kind": "ratio", "name": "h"}],
            [("salt_stress", "log", "salt stress.csv"), ("h", "ratio", "heat.tsv.gz")],
        ),
    ],
)
def test_each_form_of_expression_becomes_a_list_of_studies(organism_file, tmp_path, given, studies):
    organism = load_one(organism_file(expression=given))
    assert [(s.name, s.kind, s.matrix) for s in organism.expression] == [(n, k, tmp_path / m) for n, k, m in studies]
    assert organism.inputs()[f"expression.{studies[0][0]}"] == tmp_path / studies[0][2]


def test_two_studies_of_one_name_are_refused(organism_file):
    assert "expression: two studies are named 'heat'" in message(organism_file(expression=["heat.tsv.gz"] * 2))


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ({"views": {"sequence": {"table": "embeddings.tsv"}}}, {"views.sequence.table"}),
        ({"views": {"expression": {"table": "embeddings.tsv"}}}, {"views.expression.table"}),
        ({"expression": "heat.tsv.gz"}, {"expression.heat"}),
    ],
)
def test_anything_that_names_genes_stands_for_the_proteome(organism_file, given, inputs):
    organism = load_one(organism_file(without=["proteome"], **given))
    assert set(organism.inputs()) == {"ontology", "annotations"} | inputs


def test_genes_must_come_from_somewhere(organism_file):
    file = organism_file(without=["proteome"])
    assert message(file).startswith(f"{file}: proteome: nothing is given that names the genes; name the protein FASTA")


# --- faults in one line ---


def test_unknown_key_names_the_nearest(organism_file):
    file = organism_file(annotation="x")
    assert message(file).startswith(f"{file}: annotation: unknown key (did you mean 'annotations'?); ")
    file = organism_file(learner={"tres": 5})
    assert message(file).startswith(f"{file}: learner.tres: unknown key (did you mean 'trees'?); ")


def test_unknown_key_like_no_other_lists_what_is_allowed(organism_file):
    assert "homology.xyz: unknown key (allowed: engine, max_evalue);" in message(organism_file(homology={"xyz": 1}))


def test_a_fault_among_the_defaults_is_not_blamed_on_the_organism_file(organism_file):
    file = organism_file(learner={"trees": 5})
    assert message(file, homolgy={}).startswith("config: homolgy: unknown key (did you mean 'homology'?)")
    assert message(file, learner={"depth": 0}).startswith("config: learner.depth: 0 is not allowed")
    assert message(file, evidence_codes=["IEP"]).startswith("config: evidence_codes.0: IEP is inferred")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"homology": {"engine": "diamnd"}},
            "homology.engine: 'diamnd' is not allowed (allowed: auto, diamond, phmmer)",
        ),
        ({"homology": {"engine": "diamnd"}}, "(did you mean 'diamond'?)"),
        ({"folds": {"count": 1}}, "folds.count: 1 is not allowed (allowed: whole number from 3 to 50)"),
        ({"learner": {"rows": 0}}, "learner.rows: 0 is not allowed (allowed: number above 0 to 1)"),
        ({"learner": {"rows": float("nan")}}, "learner.rows: nan is not allowed"),
        ({"seed": "many"}, "seed: 'many' is not allowed (allowed: whole number from 0"),
        ({"taxon_id": -1}, "taxon_id: -1 is not allowed (allowed: whole number above 0)"),
        ({"name": "baker's yeast"}, "is not allowed (allowed: letters, digits, _ and -)"),
        ({"cotraining": 3}, "cotraining: 3 is not allowed (allowed: map)"),
        ({"proteome": ["a", "b"]}, "is not allowed (allowed: file or null)"),
        ({"expression": [{"kind": "log"}]}, "expression.0.matrix: required, but not given"),
        (
            {"expression": {"matrix": "heat.tsv.gz", "kind": "rpkm"}},
            "expression.0.kind: 'rpkm' is not allowed (allowed: counts, tpm, log, ratio)",
        ),
        ({"evidence_codes": []}, "evidence_codes: [] is not allowed"),
        ({"lineage": [2, -1]}, "lineage.1: -1 is not allowed"),
        ({"lineage": ["Fungi"]}, "lineage.0: 'Fungi' is not allowed"),
        ({"evidence_codes": ["IDA", "IPY"]}, "evidence_codes.1: 'IPY' is no GO evidence code (allowed: "),
        ({"evidence_codes": ["HEP"]}, "HEP is inferred from expression"),
        ({"evidence_codes": ["ND"]}, "ND says that nothing is known"),
    ],
)
def test_a_value_out_of_range_says_what_is_allowed(organism_file, keys, said):
    file = organism_file(**keys)
    assert message(file).startswith(f"{file}: ")
    assert said in message(file)


def test_required_key_says_what_it_is(organism_file):
    file = organism_file(without=["taxon_id"])
    assert message(file) == f"{file}: taxon_id: required, but not given; add it: NCBI taxonomy id"


def test_several_faults_are_counted(organism_file):
    assert "(and 1 more)" in message(organism_file(seed=-1, taxon_id=0))


@pytest.mark.parametrize(
    "keys",
    [
        {"proteome": {"url": "https://example.org/p.faa", "sha256": "0"}},
        {"expression": {"url": "https://example.org/e.tsv", "sha256": "0"}},
        {"ontology": "https://example.org/go.obo"},
    ],
    ids=lambda keys: next(iter(keys)),
)
def test_what_later_versions_bring_is_refused_and_says_so(organism_file, keys):
    file = organism_file(**keys)
    assert re.match(
        rf"{re.escape(str(file))}: {next(iter(keys))}\S*: .* not built yet in this version; ", message(file)
    )


def test_empty_keys_of_later_versions_are_fine(organism_file):
    load(organism_file(reference=None, domains=[], genome={}, annotations_later=None))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: yeast\nfolds: {count: 5\nseed: 1\n", ":3: not valid YAML"),
        ("name: a\n\tseed: 1\n", ":2: not valid YAML"),
        ("name: 2024-13-45\n", ": not valid YAML"),
        ("just words\n", ": holds no keys"),
        ("", ": holds no keys"),
        ("on: 1\n" + yaml.safe_dump(LEAST), ": True: unknown key"),
    ],
)
def test_a_file_that_is_no_yaml_map_names_its_line(organism_file, text, said):
    file = organism_file()
    file.write_text(text)
    assert message(file).startswith(f"{file}{said}")


# --- which organisms ---


def test_organisms_come_in_the_order_given(organism_file):
    first, second = organism_file("b.yaml", name="b"), organism_file("a.yaml", name="a")
    assert list(load(first, second)) == ["b", "a"]


def test_names_are_unique(organism_file):
    first, second = organism_file("one.yaml"), organism_file("two.yaml")
    assert message(first, second).startswith(f"{second}: name: 'yeast' is given twice")


def test_unknown_organism_names_the_nearest_shipped_one():
    assert "no organism is named 'yaest'" in message("yaest")
    assert "(did you mean 'yeast'?)" in message("yaest")


def test_organism_file_that_is_not_there(tmp_path):
    assert message(tmp_path / "x.yaml").startswith(f"{tmp_path}/x.yaml: no such file; ")


def test_no_organism_at_all():
    assert message().startswith("config: organisms: the list is empty")


@pytest.mark.parametrize("name", ["yeast", "ecoli"])
def test_shipped_organisms_say_which_file_to_put_where(name):
    ontology = SHIPPED / "data" / "go-basic.obo.gz"
    if ontology.exists():
        pytest.skip("the files are there")
    assert f"ontology: no such file {ontology}; put the file there" in message(name)


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not beside this clone")
def test_test_organisms_find_their_data():
    organisms = load(ROOT / "benchmarks/evaluation/yeast.yaml", ROOT / "benchmarks/evaluation/ecoli.yaml")
    assert [study.name for study in organisms["yeast"].expression] == ["spellman_1998", "brauer_2008"]
    assert organisms["ecoli"].inputs()["expression.precise"] == DATA / "ecoli" / "expression.tsv.gz"
    assert all(organism.evaluation.judged == "development" for organism in organisms.values())
    json.dumps(organisms["yeast"].model_dump(mode="json"))


def test_a_gpad_has_a_gpi_beside_it(organism_file, tmp_path):
    for name in ("a.gpad", "a.gpi", "r.gpi"):
        (tmp_path / name).touch()
    reference = {"proteome": "p.faa", "annotations": "a.gpad", "gpi": "r.gpi"}
    organism = load_one(organism_file(annotations="a.gpad", gpi="a.gpi", reference=reference))
    assert organism.inputs()["gpi"] == tmp_path / "a.gpi"
    assert organism.inputs()["reference.gpi"] == tmp_path / "r.gpi"


@pytest.mark.parametrize("database", ["", "my genes", "a:b", "x\ty"])
def test_a_database_that_cannot_be_a_prefix_is_refused(organism_file, database):
    assert "database: " in message(organism_file(database=database))


def test_a_path_that_snakemake_would_take_for_a_wildcard_is_refused(organism_file):
    file = organism_file(proteome="a{b}.faa")
    assert message(file).startswith(f"{file}: proteome: a path with {{ or }} in it")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"reference": {"proteome": "r.faa", "annotations": "r.tsv"}}, "reference: is of no use without proteome"),
        ({"domains": "d.tsv"}, "domains: is of no use without proteome"),
        ({"proteome": "p.faa", "domain_terms": "interpro2go"}, "domain_terms: is of no use without domains"),
        ({"genome": {"gff": "g.gff"}}, "genome: is of no use without a sequence view"),
        (
            {"proteome": "p.faa", "reference": {"proteome": "p.faa", "annotations": "a.gaf"}, "annotations": None}
            | {"gpi": "a.gpi"},
            "gpi: is of no use without annotations",
        ),
    ],
)
def test_an_input_that_needs_another_says_so(organism_file, keys, problem):
    file = organism_file(**{"proteome": None, "expression": "e.tsv", **keys})
    assert message(file).startswith(f"{file}: {problem}; give ")


def test_without_annotations_a_reference_has_to_say_something(organism_file):
    reference = {"proteome": "p.faa", "annotations": "a.gaf"}
    bare = organism_file(annotations=None)
    assert message(bare) == (
        f"{bare}: annotations: nothing is given to learn from; give annotations, or a reference: annotated proteins of "
        "other species"
    )
    assert next(iter(load(organism_file(annotations=None, reference=reference)).values())).annotations is None


@pytest.mark.parametrize(
    ("keys", "culprit"),
    [
        ({"holdout_genes": "e.tsv"}, "holdout_genes"),
        ({"evaluation": {"label_efficiency": {"seeds": 1}}}, "evaluation.label_efficiency.seeds"),
    ],
)
def test_without_annotations_there_are_no_labels_to_hide(organism_file, keys, culprit):
    file = organism_file(annotations=None, reference={"proteome": "p.faa", "annotations": "a.gaf"}, **keys)
    assert message(file).startswith(f"{file}: {culprit}: hides labels")


@pytest.mark.parametrize(
    ("view", "keys", "known"),
    [
        ("sequence", {"families": ["membrain"]}, "did you mean 'membrane'"),
        ("expression", {"votes": ["homologues"]}, "allowed: coexpressed, coexpressed_bridges"),
        ("sequence", {"families": ["membrane", "membrane"]}, "'membrane' is named twice; name it once"),
        ("expression", {"families": []}, "views.expression.families: [] is not allowed"),
    ],
)
def test_families_and_votes_are_those_of_the_view(organism_file, view, keys, known):
    assert known in message(organism_file(views={view: keys}))


@pytest.mark.parametrize("mode", [{}, {"table": "embeddings.tsv", "mode": "append"}])
def test_a_view_none_of_whose_families_has_its_input_is_refused(organism_file, mode):
    file = organism_file(views={"sequence": {"families": ["codon_usage", "domains"], **mode}})
    assert message(file) == (
        f"{file}: views.sequence.families: nothing is given that codon_usage, domains could be made of; "
        "give genome.cds or domains, or add a family of the proteome, as composition"
    )


@pytest.mark.parametrize(
    "keys",
    [
        {"views": {"sequence": {"families": ["codon_usage", "composition"]}}},
        {"views": {"sequence": {"families": ["codon_usage", "domains"]}}, "domains": "a.gaf"},
        {"views": {"sequence": {"families": ["codon_usage"]}}, "genome": {"cds": "p.faa"}},
        {"views": {"sequence": {"families": ["codon_usage"], "table": "embeddings.tsv"}}},
        # without a proteome there is nothing to build from
        {"views": {"sequence": {"families": ["codon_usage"]}}, "proteome": None, "expression": "heat.tsv.gz"},
        {"views": {"sequence": {"table": "embeddings.tsv", "mode": "append"}}, "proteome": None},
    ],
)
def test_a_view_with_some_features_or_without_data_is_fine(organism_file, keys):
    load_one(organism_file(**keys))


def test_a_reference_takes_all_evidence_but_none_from_expression(organism_file):
    reference = {"proteome": "p.faa", "annotations": "a.gaf", "evidence_codes": "all"}
    own = next(iter(load(organism_file(reference=reference)).values()))
    assert own.reference.evidence_codes == []
    assert "inferred from expression" in message(organism_file(reference={**reference, "evidence_codes": ["IEP"]}))


def test_two_domain_files_of_one_name_are_two_inputs(organism_file, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "d.tsv").write_text("")
    file = organism_file(proteome="p.faa", domains=[str(tmp_path / folder / "d.tsv") for folder in ("one", "two")])
    own = next(iter(load(file).values()))
    assert {key for key in own.inputs() if key.startswith("domains")} == {"domains.1", "domains.2"}
