# Why a term is predicted.


def relatives(wildcards):
    """From whom a gene may have a term: files by option name."""
    own, folder = ORGANISMS[wildcards.organism], f"results/{wildcards.organism}"
    files = {}
    if own.annotations:
        files["annotations"] = f"{folder}/inputs/annotations.parquet"
    if own.proteome:
        files["homologues"] = f"{folder}/views/homologues.parquet"
    if own.expression:
        files["coexpressed"] = f"{folder}/views/coexpression.parquet"
    if own.proteome and own.reference:
        files["reference"] = f"{folder}/reference/{wildcards.aspect}.npz"
        files["reference-hits"] = f"{folder}/reference/hits.parquet"
        files["reference-annotations"] = f"{folder}/reference/annotations.parquet"
    return files


rule find_evidence:
    """Relatives and co-expressed genes that have a term which is predicted, and the features that speak for it."""
    input:
        unpack(view_files),
        relatives=lambda wildcards: list(relatives(wildcards).values()),
        labels="results/{organism}/labels/{aspect}.npz",
        folds=rules.make_folds.output,
        references=rules.fit_references.output.boosters,
        boosters=rules.cotrain.output.boosters,
        predictions=rules.write_predictions.output.new,
        ontology=rules.read_ontology.output,
    output:
        "results/{organism}/evidence/{aspect}.parquet",
    log:
        "logs/{organism}/find_evidence.{aspect}.log",
    benchmark:
        "benchmarks/{organism}/find_evidence.{aspect}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1200, per_mb=8000, of="labels"),
        runtime="2h",
    params:
        views=view_options,
        relatives=as_options(relatives),
        learning=options("minimum_labels", "seed"),
        code=code("find-evidence"),
    shell:
        "python -m geneduet find-evidence {params.views} {params.relatives} {params.learning}"
        " --labels {input.labels:q} --folds {input.folds:q} --predictions {input.predictions:q}"
        " --ontology {input.ontology:q} {output:q} {input.references:q} {input.boosters:q} > {log:q} 2>&1"


rule write_evidence:
    """The evidence of all aspects as one table."""
    input:
        by_aspect("evidence/{aspect}.parquet"),
    output:
        "results/{organism}/evidence.tsv.gz",
    log:
        "logs/{organism}/write_evidence.log",
    benchmark:
        "benchmarks/{organism}/write_evidence.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="20m",
    params:
        code=code("write-evidence"),
    shell:
        "python -m geneduet write-evidence {output:q} {input:q} > {log:q} 2>&1"
