# The two views of a gene, and the folds that homology makes necessary.


rule describe_sequences:
    """Features of each protein's sequence, or the ready-made ones."""
    input:
        genes=rules.read_genes.output,
        table=given("views.sequence.table"),
    output:
        "results/{organism}/views/sequence.parquet",
    log:
        "logs/{organism}/describe_sequences.log",
    benchmark:
        "benchmarks/{organism}/describe_sequences.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="30m",
    params:
        table=option("table", "views.sequence.table"),
        mode=options("views.sequence.mode"),
        code=code("describe-sequences"),
    shell:
        "python -m geneduet describe-sequences {params.table} {params.mode} {input.genes:q} {output:q} > {log:q} 2>&1"


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


rule describe_expression:
    """Each gene's place on the modules of the expression compendium, or the ready-made features."""
    input:
        genes=rules.read_genes.output,
        expression=lambda wildcards: (rules.read_expression.output if ORGANISMS[wildcards.organism].expression else []),
        table=given("views.expression.table"),
    output:
        "results/{organism}/views/expression.parquet",
    log:
        "logs/{organism}/describe_expression.log",
    benchmark:
        "benchmarks/{organism}/describe_expression.tsv"
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
        modules=options("views.expression.modules"),
        table=option("table", "views.expression.table"),
        mode=options("views.expression.mode"),
        code=code("describe-expression"),
    shell:
        "python -m geneduet describe-expression {params.expression} {params.modules} {params.table} {params.mode}"
        " {input.genes:q} {output:q} > {log:q} 2>&1"


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
