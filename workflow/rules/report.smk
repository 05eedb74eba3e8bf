# What made the results, and the page that tells of all of it.


rule record_run:
    """Versions, configuration, inputs, time and memory of each step."""
    input:
        results=lambda wildcards: results_of(wildcards.organism),
        ontology=rules.read_ontology.output,
        engine=lambda wildcards: (
            rules.search_homologues.output.engine if ORGANISMS[wildcards.organism].proteome else []
        ),
    output:
        "results/{organism}/run.json",
    log:
        "logs/{organism}/record_run.log",
    benchmark:
        "benchmarks/{organism}/record_run.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime="20m",
    params:
        settings=lambda wildcards: json.dumps(
            {
                "config": ORGANISMS[wildcards.organism].model_dump(mode="json"),
                "inputs": {key: str(file) for key, file in ORGANISMS[wildcards.organism].inputs().items()},
            }
        ),
        engine=lambda wildcards, input: f"--engine {shlex.quote(str(input.engine))}" if input.engine else "",
        benchmarks=lambda wildcards: f"benchmarks/{wildcards.organism}",
        code=code("record-run"),
    shell:
        "python -m geneduet record-run --settings {params.settings:q} {params.engine} --benchmarks {params.benchmarks:q}"
        " --ontology {input.ontology:q} {output:q} > {log:q} 2>&1"


rule write_report:
    """The page that people read, and a smaller one for Snakemake's report, which browsers show only up to 2 MiB."""
    input:
        predictions="results/{organism}/predictions.tsv.gz",
        evidence="results/{organism}/evidence.tsv.gz",
        labels=by_aspect("labels/{aspect}.npz"),
        cotraining=by_aspect("cotraining/{aspect}.npz"),
        boosters=by_aspect("cotraining/{aspect}"),
        evaluation=rules.evaluate.output,
        genes=rules.read_genes.output,
        ontology=rules.read_ontology.output,
        run=rules.record_run.output,
        figures=lambda wildcards: figures_of(wildcards.organism),
        captions=lambda wildcards: [
            str(PACKAGE.parent / "report" / f"{Path(figure).stem}.rst") for figure in figures_of(wildcards.organism)
        ],
        annotations=given("annotations"),
        id_map=given("id_map"),
        gpi=given("gpi"),
    output:
        page="results/{organism}/report.html",
        embedded=report(
            "results/{organism}/report/explorer.html",
            category="{organism}",
            subcategory="Predictions",
            labels={"figure": "explorer of predictions"},
            caption="../report/predictions.rst",
        ),
    log:
        "logs/{organism}/write_report.log",
    benchmark:
        "benchmarks/{organism}/write_report.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime="30m",
    params:
        files=lambda wildcards, input: [
            f"--{name}={file}" for name in ("labels", "cotraining", "boosters") for file in input[name]
        ],
        evaluation=lambda wildcards: f"results/{wildcards.organism}/evaluation",
        figures=lambda wildcards, input: [f"--figure={file}" for file in input.figures],
        captions=str(PACKAGE.parent / "report"),
        sources=lambda wildcards, input: [
            f"--{name.replace('_', '-')}={input[name]}" for name in ("annotations", "id_map", "gpi") if input[name]
        ],
        code=code("write-report", folder="assets"),
    shell:
        "python -m geneduet write-report {params.files:q} {params.figures:q} {params.sources:q}"
        " --predictions {input.predictions:q} --evidence {input.evidence:q} --evaluation {params.evaluation:q} --genes {input.genes:q}"
        " --ontology {input.ontology:q} --run {input.run:q} --captions {params.captions:q}"
        " {output.page:q} {output.embedded:q} > {log:q} 2>&1"
