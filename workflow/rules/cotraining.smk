# Learning: the reference models, then the views that teach each other.


rule fit_references:
    """The models that co-training is measured against, and where it begins."""
    input:
        unpack(view_files),
        labels="results/{organism}/labels/{aspect}.npz",
        folds=rules.make_folds.output,
    output:
        scores="results/{organism}/references/{aspect}.npz",
        boosters=directory("results/{organism}/references/{aspect}"),
    log:
        "logs/{organism}/fit_references.{aspect}.log",
    benchmark:
        "benchmarks/{organism}/fit_references.{aspect}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=memory(1200, per_mb=8000, of="labels"),
        runtime="8h",
    params:
        views=view_options,
        learning=options("learner", "minimum_labels", "cotraining", "seed"),
        code=code("fit-references"),
    shell:
        "python -m geneduet fit-references {params.views} {params.learning} --threads {threads}"
        " --labels {input.labels:q} --folds {input.folds:q} {output.scores:q} {output.boosters:q} > {log:q} 2>&1"


rule cotrain:
    """The views teach each other; what does not help gets no weight."""
    input:
        unpack(view_files),
        labels="results/{organism}/labels/{aspect}.npz",
        folds=rules.make_folds.output,
        references=rules.fit_references.output.boosters,
    output:
        scores="results/{organism}/cotraining/{aspect}.npz",
        rounds="results/{organism}/cotraining/{aspect}.tsv",
        boosters=directory("results/{organism}/cotraining/{aspect}"),
    log:
        "logs/{organism}/cotrain.{aspect}.log",
    benchmark:
        "benchmarks/{organism}/cotrain.{aspect}.tsv"
    conda:
        ENVIRONMENT
    threads: 2
    resources:
        mem_mb=memory(1200, per_mb=8000, of="labels"),
        runtime="8h",
    params:
        views=view_options,
        learning=options("learner", "minimum_labels", "seed"),
        rules=options("cotraining", "evaluation.judged"),
        code=code("cotrain"),
    shell:
        "python -m geneduet cotrain {params.views} {params.learning} {params.rules} --threads {threads}"
        " --labels {input.labels:q} --folds {input.folds:q} {input.references:q} {output.scores:q} {output.rounds:q}"
        " {output.boosters:q} > {log:q} 2>&1"
