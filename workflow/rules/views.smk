# The two views of a gene, and the folds that homology makes necessary.


rule read_domains:
    """Where the domains of the proteins are."""
    input:
        domains=setting("domains"),
        genes=rules.read_genes.output,
    output:
        "results/{organism}/inputs/domains.parquet",
    log:
        "logs/{organism}/read_domains.log",
    benchmark:
        "benchmarks/{organism}/read_domains.tsv"
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        mem_mb=memory(4000),
        runtime="8h",
    params:
        code=code("read-domains"),
    shell:
        "python -m geneduet read-domains {output:q} {input.domains:q} --genes {input.genes:q}"
        " --threads {threads} > {log:q} 2>&1"


rule read_genome:
    """Coding sequences (cds), or the places of the genes (gff)."""
    input:
        source=lambda wildcards: setting(f"genome.{wildcards.kind}")(wildcards),
        genes=rules.read_genes.output,
        id_map=given("id_map"),
    output:
        "results/{organism}/inputs/{kind}.parquet",
    log:
        "logs/{organism}/read_genome.{kind}.log",
    benchmark:
        "benchmarks/{organism}/read_genome.{kind}.tsv"
    wildcard_constraints:
        kind="cds|gff",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="30m",
    params:
        id_map=option("id-map", "id_map"),
        code=code("read-genome"),
    shell:
        "python -m geneduet read-genome {wildcards.kind} {input.source:q} {output:q} --genes {input.genes:q}"
        " {params.id_map} > {log:q} 2>&1"


rule describe_family:
    """One family of features: docs/features.md."""
    input:
        genes=rules.read_genes.output,
        expression=branch(
            lambda wildcards: wildcards.view == "expression", then=rules.read_expression.output.expression
        ),
        files=lambda wildcards: [f"results/{wildcards.organism}/inputs/{file}" for file in files_for(wildcards.family)],
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
        files=lambda wildcards, input: [word for file in input.files for word in ("--file", Path(file).stem, file)],
        modules=lambda wildcards: options("views.expression.modules")(wildcards) if wildcards.family in FIND else "",
        code=lambda wildcards: code("describe-family", f"geneduet.views.{wildcards.view}.{wildcards.family}"),
    shell:
        "python -m geneduet describe-family {wildcards.view} {wildcards.family} {output:q} --genes {input.genes:q}"
        " {params.expression} {params.files:q} {params.modules} > {log:q} 2>&1"


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
        families=lambda wildcards, input: [f"--family={file}" for file in input.families],
        table=lambda wildcards: option("table", f"views.{wildcards.view}.table")(wildcards),
        mode=lambda wildcards: options(f"views.{wildcards.view}.mode")(wildcards),
        code=code("join-view"),
    shell:
        "python -m geneduet join-view {output:q} {params.families:q} --genes {input.genes:q} {params.table}"
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
        expression=rules.read_expression.output.expression,
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


rule link_genes:
    """The links along which labelled genes vote."""
    input:
        found=lambda wildcards: {
            "homologues": rules.search_homologues.output.hits,
            "coexpressed": rules.rank_coexpression.output.neighbours,
            "chromosome": "results/{organism}/inputs/gff.parquet",
        }[wildcards.links],
        genes=rules.read_genes.output,
        homologues=lambda wildcards: (
            rules.search_homologues.output.hits if ORGANISMS[wildcards.organism].proteome else []
        ),
    output:
        "results/{organism}/views/links/{links}.parquet",
    log:
        "logs/{organism}/link_genes.{links}.log",
    benchmark:
        "benchmarks/{organism}/link_genes.{links}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="20m",
    params:
        homologues=lambda wildcards, input: (
            f"--homologues {shlex.quote(str(input.homologues))}" if input.homologues else ""
        ),
        code=code("link-genes"),
    shell:
        "python -m geneduet link-genes {wildcards.links} {input.found:q} {output:q} --genes {input.genes:q}"
        " {params.homologues} > {log:q} 2>&1"


rule bridge_genes:
    """Links through genes in between, labelled or not."""
    input:
        links=rules.link_genes.output,
        genes=rules.read_genes.output,
    output:
        "results/{organism}/views/links/{links}_bridges.parquet",
    log:
        "logs/{organism}/bridge_genes.{links}.log",
    benchmark:
        "benchmarks/{organism}/bridge_genes.{links}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="1h",
    params:
        code=code("bridge-genes"),
    shell:
        "python -m geneduet bridge-genes {input.links:q} {output:q} --genes {input.genes:q} > {log:q} 2>&1"


rule read_reference:
    """Annotated proteins of other species."""
    input:
        proteome=setting("reference.proteome"),
        annotations=setting("reference.annotations"),
        gpi=given("reference.gpi"),
        ontology=rules.read_ontology.output,
    output:
        proteins="results/{organism}/reference/proteins.parquet",
        annotations="results/{organism}/reference/annotations.parquet",
    log:
        "logs/{organism}/read_reference.log",
    benchmark:
        "benchmarks/{organism}/read_reference.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime="1h",
    params:
        choice=lambda wildcards: [
            *(f"--evidence-code={code}" for code in setting("reference.evidence_codes")(wildcards)),
            *(f"--exclude-taxon={taxon}" for taxon in setting("reference.exclude_taxa")(wildcards)),
        ],
        gpi=option("gpi", "reference.gpi"),
        code=code("read-reference"),
    shell:
        "python -m geneduet read-reference {params.choice:q} {params.gpi} --ontology {input.ontology:q} {input.proteome:q}"
        " {input.annotations:q} {output.proteins:q} {output.annotations:q} > {log:q} 2>&1"


rule search_reference:
    """The organism's proteins against those of the reference."""
    input:
        genes=rules.read_genes.output,
        proteins=rules.read_reference.output.proteins,
    output:
        "results/{organism}/reference/hits.parquet",
    log:
        "logs/{organism}/search_reference.log",
    benchmark:
        "benchmarks/{organism}/search_reference.tsv"
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        mem_mb=memory(8000),
        runtime="8h",
    params:
        homology=options("homology"),
        code=code("search-reference"),
    shell:
        "python -m geneduet search-reference {params.homology} --threads {threads} {input.genes:q} {input.proteins:q}"
        " {output:q} > {log:q} 2>&1"


rule make_reference:
    """Which proteins of the reference vote on a gene, and what they say."""
    input:
        hits=rules.search_reference.output,
        genes=rules.read_genes.output,
        annotations=rules.read_reference.output.annotations,
        ontology=rules.read_ontology.output,
    output:
        expand("results/{{organism}}/reference/{aspect}.npz", aspect=ASPECTS),
    log:
        "logs/{organism}/make_reference.log",
    benchmark:
        "benchmarks/{organism}/make_reference.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime="1h",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}/reference",
        code=code("make-reference"),
    shell:
        "python -m geneduet make-reference --hits {input.hits:q} --genes {input.genes:q}"
        " --annotations {input.annotations:q} --ontology {input.ontology:q} {params.folder:q} > {log:q} 2>&1"


rule trust_reference:
    """How far the reference's vote is to be trusted, measured within it."""
    input:
        proteins=rules.read_reference.output.proteins,
        annotations=rules.read_reference.output.annotations,
        ontology=rules.read_ontology.output,
    output:
        "results/{organism}/reference/trust.tsv",
    log:
        "logs/{organism}/trust_reference.log",
    benchmark:
        "benchmarks/{organism}/trust_reference.tsv"
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        mem_mb=memory(8000),
        runtime="8h",
    params:
        search=options("homology", "seed"),
        code=code("trust-reference"),
    shell:
        "python -m geneduet trust-reference {params.search} --threads {threads} --annotations {input.annotations:q}"
        " --ontology {input.ontology:q} {input.proteins:q} {output:q} > {log:q} 2>&1"


rule make_domain_votes:
    """Which genes have which domains, and what is said of these."""
    input:
        domains=rules.read_domains.output,
        terms=setting("domain_terms"),
        genes=rules.read_genes.output,
        ontology=rules.read_ontology.output,
    output:
        expand("results/{{organism}}/domains/{aspect}.npz", aspect=ASPECTS),
    log:
        "logs/{organism}/make_domain_votes.log",
    benchmark:
        "benchmarks/{organism}/make_domain_votes.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime="1h",
    params:
        folder=lambda wildcards: f"results/{wildcards.organism}/domains",
        terms=lambda wildcards, input: [f"--domain-terms={file}" for file in input.terms],
        code=code("make-domain-votes"),
    shell:
        "python -m geneduet make-domain-votes --domains {input.domains:q} {params.terms:q} --genes {input.genes:q}"
        " --ontology {input.ontology:q} {params.folder:q} > {log:q} 2>&1"


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
