# What made the results.


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
