# The two views of a gene, and the folds that homology makes necessary.


rule describe_family:
    """One family of features: docs/features.md."""
    input:
        genes=rules.read_genes.output,
        expression=branch(lambda wildcards: wildcards.view == "expression", then=rules.read_expression.output),
    output:
        "results/{organism}/views/{view}/{family}.parquet",
    log:
        "logs/{organism}/describe_family.{view}.{family}.log",
    benchmark:
        "benchmarks/{organism}/describe_family.{view}.{family}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="30m",
    params:
        expression=lambda wildcards, input: (
            f"--expression {shlex.quote(str(input.expression))}" if input.expression else ""
        ),
        modules=lambda wildcards: options("views.expression.modules")(wildcards) if wildcards.family in FIND else "",
        code=lambda wildcards: code("describe-family", f"geneduet.views.{wildcards.view}.{wildcards.family}"),
    shell:
        "python -m geneduet describe-family {wildcards.view} {wildcards.family} {output:q} --genes {input.genes:q}"
        " {params.expression} {params.modules} > {log:q} 2>&1"


rule join_view:
    """The families of a view side by side, a ready-made table, or both."""
    input:
        families=families_of,
        genes=rules.read_genes.output,
        table=lambda wildcards: given(f"views.{wildcards.view}.table")(wildcards),
    output:
        "results/{organism}/views/{view}.parquet",
    log:
        "logs/{organism}/join_view.{view}.log",
    benchmark:
        "benchmarks/{organism}/join_view.{view}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="20m",
    params:
        table=lambda wildcards: option("table", f"views.{wildcards.view}.table")(wildcards),
        mode=lambda wildcards: options(f"views.{wildcards.view}.mode")(wildcards),
        code=code("join-view"),
    shell:
        "python -m geneduet join-view {output:q} {input.families:q} --genes {input.genes:q} {params.table}"
        " {params.mode} > {log:q} 2>&1"


rule search_homologues:
    """All proteins against all."""
    input:
        genes=rules.read_genes.output,
    output:
        hits="results/{organism}/views/homologues.parquet",
        engine="results/{organism}/views/search_engine.txt",
    log:
        "logs/{organism}/search_homologues.log",
    benchmark:
        "benchmarks/{organism}/search_homologues.tsv"
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        mem_mb=memory(4000),
        runtime="4h",
    params:
        homology=options("homology"),
        code=code("search-homologues"),
    shell:
        "python -m geneduet search-homologues {params.homology} --threads {threads} {input.genes:q} {output.hits:q}"
        " {output.engine:q} > {log:q} 2>&1"


rule rank_coexpression:
    """Each gene's closest partners in the expression compendium."""
    input:
        expression=rules.read_expression.output,
    output:
        neighbours="results/{organism}/views/coexpression.parquet",
    log:
        "logs/{organism}/rank_coexpression.log",
    benchmark:
        "benchmarks/{organism}/rank_coexpression.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000, per_mb=600, of="expression"),
        runtime="30m",
    params:
        partners=options("views.expression.partners"),
        code=code("rank-coexpression"),
    shell:
        "python -m geneduet rank-coexpression {params.partners} {input.expression:q} {output.neighbours:q}"
        " > {log:q} 2>&1"


rule make_folds:
    """Folds of whole homology families: made once, the same for every model."""
    input:
        genes=rules.read_genes.output,
        labels=rules.make_labels.output.labels,
        hits=lambda wildcards: (rules.search_homologues.output.hits if ORGANISMS[wildcards.organism].proteome else []),
    output:
        "results/{organism}/folds.parquet",
    log:
        "logs/{organism}/make_folds.log",
    benchmark:
        "benchmarks/{organism}/make_folds.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="20m",
    params:
        hits=lambda wildcards, input: f"--hits {shlex.quote(str(input.hits))}" if input.hits else "",
        labels=lambda wildcards, input: [f"--labels={file}" for file in input.labels],
        folds=options("folds", "seed"),
        code=code("make-folds"),
    shell:
        "python -m geneduet make-folds {params.folds} {params.hits} {params.labels:q} {input.genes:q} {output:q}"
        " > {log:q} 2>&1"
