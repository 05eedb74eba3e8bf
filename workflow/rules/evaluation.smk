# How good the scores are, and the figures that show it.
FIGURES = ["precision_recall", "reliability", "cotraining", "information_content", "coverage"]
TABLES = [*FIGURES, "metrics", "comparisons", "open_world", "thresholds", "homologues", "diagnostics"]


def judged_files(wildcards):
    """What models and truth are judged by: a file for each aspect, by option name; the last ones where asked for."""
    own, folder = ORGANISMS[wildcards.organism], f"results/{wildcards.organism}"
    patterns = {
        "labels": "labels/{aspect}.npz",
        "held_out": "labels/held_out/{aspect}.npz",
        "references": "references/{aspect}.npz",
        "cotraining": "cotraining/{aspect}.npz",
        "rounds": "cotraining/{aspect}.tsv",
    }
    if own.annotations_later:
        patterns["later"] = "labels/later/{aspect}.npz"
    if own.evaluation.random_folds:
        patterns["random_references"] = "random_folds/references/{aspect}.npz"
        patterns["random_cotraining"] = "random_folds/cotraining/{aspect}.npz"
    return {name: expand(f"{folder}/{pattern}", aspect=ASPECTS) for name, pattern in patterns.items()}


rule evaluate:
    """All models, by cross-validation, on held-out genes and by later annotations, with intervals."""
    input:
        unpack(judged_files),
        unpack(gene_facts),
        folds=rules.make_folds.output,
        random_folds=lambda wildcards: (
            rules.make_random_folds.output if ORGANISMS[wildcards.organism].evaluation.random_folds else []
        ),
        label_efficiency=lambda wildcards: (
            rules.judge_label_efficiency.output
            if ORGANISMS[wildcards.organism].evaluation.label_efficiency.seeds
            else []
        ),
    output:
        expand("results/{{organism}}/evaluation/{name}.tsv", name=TABLES),
        "results/{organism}/evaluation/headlines.txt",
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
        files=lambda wildcards: [
            f"--{name.replace('_', '-')}={file}" for name, files in judged_files(wildcards).items() for file in files
        ],
        genes=as_options(gene_facts),
        more=lambda wildcards, input: " ".join(
            [f"--random-folds {shlex.quote(str(input.random_folds))}"] * bool(input.random_folds)
            + [f"--label-efficiency results/{wildcards.organism}/label_efficiency"] * bool(input.label_efficiency)
        ),
        options=options("evaluation.bootstrap", "evaluation.judged", "seed"),
        code=code("evaluate"),
    shell:
        "python -m geneduet evaluate {params.options} {params.files:q} {params.genes} {params.more}"
        " --organism {wildcards.organism} --folds {input.folds:q} {params.folder:q} > {log:q} 2>&1"


rule draw_figures:
    """Precision and recall, reliability, coverage, ranking by information content, and co-training by round."""
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
            caption="../report/reliability.rst",
        ),
        report(
            "results/{organism}/figures/cotraining.svg",
            category="{organism}",
            subcategory="Co-training",
            labels={"figure": "co-training by round"},
            caption="../report/cotraining.rst",
        ),
        report(
            "results/{organism}/figures/information_content.svg",
            category="{organism}",
            subcategory="Evaluation",
            labels={"figure": "score by information content"},
            caption="../report/information_content.rst",
        ),
        report(
            "results/{organism}/figures/coverage.svg",
            category="{organism}",
            subcategory="Evaluation",
            labels={"figure": "coverage"},
            caption="../report/coverage.rst",
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
