# Reading what the user gives: ontology, genes, annotations, expression; and the labels made of it.


rule read_ontology:
    """The ontology as a graph."""
    input:
        setting("ontology"),
    output:
        "results/{organism}/inputs/ontology.npz",
    log:
        "logs/{organism}/read_ontology.log",
    benchmark:
        "benchmarks/{organism}/read_ontology.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime="20m",
    params:
        code=code("read-ontology"),
    shell:
        "python -m geneduet read-ontology {input:q} {output:q} > {log:q} 2>&1"


rule read_genes:
    """The gene universe: of the proteome, or else of the expression studies and the ready-made views."""
    input:
        proteome=given("proteome"),
        gene_map=given("gene_map"),
        tables=lambda wildcards: [] if given("proteome")(wildcards) else ORGANISMS[wildcards.organism].gene_tables(),
    output:
        "results/{organism}/inputs/genes.parquet",
    log:
        "logs/{organism}/read_genes.log",
    benchmark:
        "benchmarks/{organism}/read_genes.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="30m",
    params:
        proteome=option("proteome", "proteome"),
        gene_map=option("gene-map", "gene_map"),
        tables=lambda wildcards, input: [f"--table={file}" for file in input.tables],
        code=code("read-genes"),
    shell:
        "python -m geneduet read-genes {params.proteome} {params.gene_map} {params.tables:q} {output:q}"
        " > {log:q} 2>&1"


rule read_annotations:
    """The annotations that join a gene and count as validated, and the NOT statements."""
    input:
        source=setting("annotations"),
        genes=rules.read_genes.output,
        ontology=rules.read_ontology.output,
        id_map=given("id_map"),
        gpi=given("gpi"),
    output:
        "results/{organism}/inputs/annotations.parquet",
    log:
        "logs/{organism}/read_annotations.log",
    benchmark:
        "benchmarks/{organism}/read_annotations.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="30m",
    params:
        evidence=lambda wildcards: [f"--evidence-code={one}" for one in ORGANISMS[wildcards.organism].evidence_codes],
        id_map=option("id-map", "id_map"),
        gpi=option("gpi", "gpi"),
        code=code("read-annotations"),
    shell:
        "python -m geneduet read-annotations {params.id_map} {params.gpi} {params.evidence:q} --genes {input.genes:q}"
        " --ontology {input.ontology:q} {input.source:q} {output:q} > {log:q} 2>&1"


use rule read_annotations as read_later_annotations with:
    input:
        source=setting("annotations_later"),
        genes=rules.read_genes.output,
        ontology=rules.read_ontology.output,
        id_map=given("id_map"),
        gpi=given("gpi"),
    output:
        "results/{organism}/inputs/annotations_later.parquet",
    log:
        "logs/{organism}/read_later_annotations.log",
    benchmark:
        "benchmarks/{organism}/read_later_annotations.tsv"


rule read_expression:
    """All expression studies, merged on one scale."""
    input:
        genes=rules.read_genes.output,
        studies=lambda wildcards: [study.matrix for study in ORGANISMS[wildcards.organism].expression],
        id_map=given("id_map"),
    output:
        expression="results/{organism}/inputs/expression.parquet",
        scale="results/{organism}/inputs/expression_scale.parquet",
    log:
        "logs/{organism}/read_expression.log",
    benchmark:
        "benchmarks/{organism}/read_expression.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="30m",
    params:
        studies=lambda wildcards: [
            word
            for study in ORGANISMS[wildcards.organism].expression
            for word in ("--study", study.name, study.kind, str(study.matrix))
        ],
        id_map=option("id-map", "id_map"),
        code=code("read-expression"),
    shell:
        "python -m geneduet read-expression {params.id_map} --genes {input.genes:q} {params.studies:q}"
        " {output.expression:q} {output.scale:q} > {log:q} 2>&1"


rule make_labels:
    """What is known of each gene and term: positive, negative, or unknown; the labels of held-out genes apart."""
    input:
        unpack(label_sources),
        genes=rules.read_genes.output,
        ontology=rules.read_ontology.output,
        holdout=given("holdout_genes"),
    output:
        labels=expand("results/{{organism}}/labels/{aspect}.npz", aspect=ASPECTS),
        held_out=expand("results/{{organism}}/labels/held_out/{aspect}.npz", aspect=ASPECTS),
    log:
        "logs/{organism}/make_labels.log",
    benchmark:
        "benchmarks/{organism}/make_labels.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="20m",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}/labels",
        sources=as_options(label_sources),
        least=options("term_selection.min_positives", "minimum_labels"),
        taxon=options("taxon_id", "lineage"),
        holdout=option("holdout", "holdout_genes"),
        code=code("make-labels"),
    shell:
        "python -m geneduet make-labels {params.least} {params.taxon} {params.sources} {params.holdout}"
        " --genes {input.genes:q} --ontology {input.ontology:q} {params.folder:q} > {log:q} 2>&1"


rule make_later_labels:
    """What a later release says of the same genes and terms: judged on, never learned from."""
    input:
        annotations=rules.read_later_annotations.output,
        ontology=rules.read_ontology.output,
        labels=rules.make_labels.output.labels,
    output:
        expand("results/{{organism}}/labels/later/{aspect}.npz", aspect=ASPECTS),
    log:
        "logs/{organism}/make_later_labels.log",
    benchmark:
        "benchmarks/{organism}/make_later_labels.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="20m",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}/labels/later",
        labels=lambda wildcards, input: [f"--labels={file}" for file in input.labels],
        code=code("make-later-labels"),
    shell:
        "python -m geneduet make-later-labels {params.labels:q} --ontology {input.ontology:q} {input.annotations:q}"
        " {params.folder:q} > {log:q} 2>&1"
