# What people take away: predictions, and the model that made them.


rule write_predictions:
    """Predictions as a table, as GAF, GPAD and GPI, and for cafaeval."""
    input:
        unpack(feature_files),
        labels=by_aspect("labels/{aspect}.npz"),
        cotraining=by_aspect("cotraining/{aspect}.npz"),
        thresholds="results/{organism}/evaluation/thresholds.tsv",
        ontology=rules.read_ontology.output,
        genes=rules.read_genes.output,
        annotations=given("annotations"),
        id_map=given("id_map"),
        gpi=given("gpi"),
        reference=lambda wildcards: ORGANISMS[wildcards.organism].inputs().get("reference.annotations", []),
    output:
        "results/{organism}/predictions.tsv.gz",
        "results/{organism}/predictions.gaf.gz",
        "results/{organism}/predictions.gpad.gz",
        "results/{organism}/predictions.gpi.gz",
        "results/{organism}/predictions.cafa.tsv.gz",
        new="results/{organism}/new_predictions.parquet",
    log:
        "logs/{organism}/write_predictions.log",
    benchmark:
        "benchmarks/{organism}/write_predictions.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime="1h",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}",
        views=as_options(feature_files),
        files=lambda wildcards, input: [f"--{name}={file}" for name in ("labels", "cotraining") for file in input[name]],
        output=options("taxon_id", "output"),
        database=option("database", "database"),
        id_map=option("id-map", "id_map"),
        gpi=option("gpi", "gpi"),
        sources=lambda wildcards, input: [
            f"--{name}={input[name]}" for name in ("annotations", "reference") if input[name]
        ],
        code=code("write-predictions"),
    shell:
        "python -m geneduet write-predictions {params.views} {params.files:q} {params.output} {params.database}"
        " {params.id_map} {params.gpi} --organism {wildcards.organism} --thresholds {input.thresholds:q} --ontology {input.ontology:q}"
        " --genes {input.genes:q} {params.sources:q} {params.folder:q} > {log:q} 2>&1"


rule save_model:
    """All that is needed to score new genes."""
    input:
        unpack(feature_files),
        labels=by_aspect("labels/{aspect}.npz"),
        references=by_aspect("references/{aspect}"),
        cotraining=by_aspect("cotraining/{aspect}"),
        folds=rules.make_folds.output,
        genes=rules.read_genes.output,
        engine=lambda wildcards: (
            rules.search_homologues.output.engine if ORGANISMS[wildcards.organism].proteome else []
        ),
        tables=lambda wildcards: [file for _, file in model_tables(wildcards)],
        votes=lambda wildcards: [file for _, file in votes_of_others(wildcards)],
    output:
        directory("results/{organism}/model"),
    log:
        "logs/{organism}/save_model.log",
    benchmark:
        "benchmarks/{organism}/save_model.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime="1h",
    params:
        views=as_options(feature_files),
        files=lambda wildcards, input: [
            f"--{name}={file}"
            for name in ("labels", "references", "cotraining", "engine")
            for file in ([input[name]] if isinstance(input[name], str) else input[name])
        ],
        votes=lambda wildcards: [word for vote in votes_of_others(wildcards) for word in ("--vote", *vote)],
        tables=lambda wildcards: [word for table in model_tables(wildcards) for word in ("--table", *table)],
        settings=lambda wildcards: json.dumps(
            ORGANISMS[wildcards.organism].model_dump(
                mode="json",
                include={"homology": True, "views": True, "learner": True, "seed": True},
                exclude={"views": {"sequence": {"table"}, "expression": {"table"}}},
            )
        ),
        code=code("save-model"),
    shell:
        "python -m geneduet save-model {params.views} {params.files:q} {params.votes:q} {params.tables:q} --settings {params.settings:q} --folds {input.folds:q} --genes {input.genes:q}"
        " {output:q} > {log:q} 2>&1"
