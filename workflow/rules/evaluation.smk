# How good the scores are, and the figures that show it.
FIGURES = ["precision_recall", "reliability", "cotraining"]


rule evaluate:
    """All models, by cross-validation and on held-out genes, with intervals."""
    input:
        labels=by_aspect("labels/{aspect}.npz"),
        held_out=by_aspect("labels/held_out/{aspect}.npz"),
        references=by_aspect("references/{aspect}.npz"),
        cotraining=by_aspect("cotraining/{aspect}.npz"),
        rounds=by_aspect("cotraining/{aspect}.tsv"),
        folds=rules.make_folds.output,
    output:
        expand(
            "results/{{organism}}/evaluation/{name}",
            name=[
                "metrics.tsv",
                "comparisons.tsv",
                "cotraining.tsv",
                "headlines.txt",
                "precision_recall.tsv",
                "reliability.tsv",
            ],
        ),
    log:
        "logs/{organism}/evaluate.log",
    benchmark:
        "benchmarks/{organism}/evaluate.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime="2h",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}/evaluation",
        files=lambda wildcards, input: [
            f"--{name.replace('_', '-')}={file}"
            for name in ("labels", "held_out", "references", "cotraining", "rounds")
            for file in input[name]
        ],
        options=options("evaluation", "seed"),
        code=code("evaluate"),
    shell:
        "python -m geneduet evaluate {params.options} {params.files:q} --organism {wildcards.organism}"
        " --folds {input.folds:q} {params.folder:q} > {log:q} 2>&1"


rule draw_figures:
    """Precision and recall, reliability, and co-training by round."""
    input:
        rules.evaluate.output,
    output:
        report(
            "results/{organism}/figures/precision_recall.svg",
            category="{organism}",
            subcategory="Evaluation",
            labels={"figure": "precision and recall"},
            caption="../report/precision_recall.rst",
        ),
        report(
            "results/{organism}/figures/reliability.svg",
            category="{organism}",
            subcategory="Evaluation",
            labels={"figure": "calibration"},
            caption="../report/calibration.rst",
        ),
        report(
            "results/{organism}/figures/cotraining.svg",
            category="{organism}",
            subcategory="Co-training",
            labels={"figure": "co-training by round"},
            caption="../report/cotraining.rst",
        ),
    log:
        "logs/{organism}/draw_figures.log",
    benchmark:
        "benchmarks/{organism}/draw_figures.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime="20m",
    params:
        evaluation=lambda wildcards: f"results/{wildcards.organism}/evaluation",
        folder=lambda wildcards: f"results/{wildcards.organism}/figures",
        code=code("draw-figures"),
    shell:
        "python -m geneduet draw-figures {params.evaluation:q} {params.folder:q} > {log:q} 2>&1"
