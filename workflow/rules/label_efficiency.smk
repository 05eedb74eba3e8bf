# The same learning with fewer labels: what a label is worth. Only where evaluation.label_efficiency asks for it.
FEWER = "results/{organism}/label_efficiency/{few_seed}/{percent}"


rule hide_labels:
    """Which genes hide their labels at a level: the test genes, and all but a share of the others."""
    input:
        labels=by_aspect("labels/{aspect}.npz"),
        folds=rules.make_folds.output,
        holdout=given("holdout_genes"),
    output:
        f"{FEWER}/hidden.txt",
    log:
        "logs/{organism}/hide_labels.{few_seed}.{percent}.log",
    benchmark:
        "benchmarks/{organism}/hide_labels.{few_seed}.{percent}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime="20m",
    params:
        labels=lambda wildcards, input: [f"--labels={file}" for file in input.labels],
        holdout=option("holdout", "holdout_genes"),
        judged=options("evaluation.judged"),
        code=code("hide-labels"),
    shell:
        "python -m geneduet hide-labels {params.holdout} {params.judged} {params.labels:q} --folds {input.folds:q}"
        " --seed {wildcards.few_seed} --percent {wildcards.percent} {output:q} > {log:q} 2>&1"


use rule make_labels as make_fewer_labels with:
    input:
        unpack(own_labels),
        genes=rules.read_genes.output,
        ontology=rules.read_ontology.output,
        holdout=rules.hide_labels.output,
    output:
        labels=expand(f"{FEWER}/labels/{{aspect}}.npz", aspect=ASPECTS, allow_missing=True),
        held_out=expand(f"{FEWER}/labels/held_out/{{aspect}}.npz", aspect=ASPECTS, allow_missing=True),
    log:
        "logs/{organism}/make_fewer_labels.{few_seed}.{percent}.log",
    benchmark:
        "benchmarks/{organism}/make_fewer_labels.{few_seed}.{percent}.tsv"
    params:
        folder=lambda wildcards: FEWER.format(**wildcards) + "/labels",
        sources=as_options(own_labels),
        least=options("term_selection.min_positives", "minimum_labels"),
        taxon=options("taxon_id", "lineage"),
        holdout=lambda wildcards, input: f"--holdout {shlex.quote(str(input.holdout))}",
        code=code("make-labels"),


use rule fit_references as fit_references_to_fewer with:
    input:
        unpack(view_files),
        labels=f"{FEWER}/labels/{{aspect}}.npz",
        folds=rules.make_folds.output,
    output:
        scores=f"{FEWER}/references/{{aspect}}.npz",
        boosters=temp(directory(f"{FEWER}/references/{{aspect}}")),
    log:
        "logs/{organism}/fit_references.{aspect}.{few_seed}.{percent}.log",
    benchmark:
        "benchmarks/{organism}/fit_references.{aspect}.{few_seed}.{percent}.tsv"


use rule cotrain as cotrain_with_fewer with:
    input:
        unpack(view_files),
        labels=f"{FEWER}/labels/{{aspect}}.npz",
        folds=rules.make_folds.output,
        references=rules.fit_references_to_fewer.output.boosters,
    output:
        scores=f"{FEWER}/cotraining/{{aspect}}.npz",
        rounds=f"{FEWER}/cotraining/{{aspect}}.tsv",
        boosters=temp(directory(f"{FEWER}/cotraining/{{aspect}}")),
    log:
        "logs/{organism}/cotrain.{aspect}.{few_seed}.{percent}.log",
    benchmark:
        "benchmarks/{organism}/cotrain.{aspect}.{few_seed}.{percent}.tsv"


def levels_of(organism):
    """Seeds and percents of the label efficiency runs of an organism."""
    own = ORGANISMS[organism].evaluation.label_efficiency
    return [{"few_seed": seed, "percent": percent} for seed in range(1, own.seeds + 1) for percent in own.percents]


def files_of_levels(pattern):
    """The files of an organism's levels, aspect by aspect."""
    return lambda wildcards: [
        f"{FEWER}/{pattern}".format(organism=wildcards.organism, aspect=aspect, **level)
        for level in levels_of(wildcards.organism)
        for aspect in ASPECTS
    ]


rule judge_label_efficiency:
    """All models at all levels, on the same test genes and terms, and what their labels are worth."""
    input:
        unpack(gene_facts),
        labels=files_of_levels("labels/{aspect}.npz"),
        references=files_of_levels("references/{aspect}.npz"),
        cotraining=files_of_levels("cotraining/{aspect}.npz"),
        full=lambda wildcards: [
            FEWER.format(organism=wildcards.organism, few_seed=seed, percent=100) + f"/labels/{part}{aspect}.npz"
            for seed in range(1, ORGANISMS[wildcards.organism].evaluation.label_efficiency.seeds + 1)
            for part in ("", "held_out/")
            for aspect in ASPECTS
        ],
        folds=rules.make_folds.output,
    output:
        expand(
            "results/{{organism}}/label_efficiency/{name}.tsv",
            name=["metrics", "comparisons", "curve", "label_value"],
        ),
    log:
        "logs/{organism}/judge_label_efficiency.log",
    benchmark:
        "benchmarks/{organism}/judge_label_efficiency.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime="2h",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}/label_efficiency",
        seeds=options("evaluation.label_efficiency.seeds"),
        percents=lambda wildcards: [
            f"--percent={percent}" for percent in ORGANISMS[wildcards.organism].evaluation.label_efficiency.percents
        ],
        holdout=option("holdout", "holdout_genes"),
        genes=as_options(gene_facts),
        options=options("evaluation.bootstrap", "evaluation.judged"),
        code=code("judge-label-efficiency"),
    shell:
        "python -m geneduet judge-label-efficiency {params.options} {params.genes} {params.seeds} {params.percents:q}"
        " {params.holdout} --organism {wildcards.organism} --folds {input.folds:q} {params.folder:q} > {log:q} 2>&1"


rule draw_label_efficiency:
    """The curve of each model over labelled genes."""
    input:
        "results/{organism}/label_efficiency/curve.tsv",
    output:
        report(
            "results/{organism}/figures/label_efficiency.svg",
            category="{organism}",
            subcategory="Evaluation",
            labels={"figure": "label efficiency"},
            caption="../report/label_efficiency.rst",
        ),
    log:
        "logs/{organism}/draw_label_efficiency.log",
    benchmark:
        "benchmarks/{organism}/draw_label_efficiency.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime="20m",
    params:
        code=code("draw-label-efficiency"),
    shell:
        "python -m geneduet draw-label-efficiency {input:q} {output:q} > {log:q} 2>&1"
