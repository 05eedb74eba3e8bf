# The same learning with genes put into folds at random: optimistic, for comparison, where evaluation.random_folds asks.


use rule make_folds as make_random_folds with:
    output:
        "results/{organism}/random_folds/folds.parquet",
    log:
        "logs/{organism}/make_random_folds.log",
    benchmark:
        "benchmarks/{organism}/make_random_folds.tsv"
    params:
        hits=rules.make_folds.params.hits,
        labels=rules.make_folds.params.labels,
        folds=lambda wildcards: options("folds", "seed")(wildcards) + " --at-random",
        code=code("make-folds"),


use rule fit_references as fit_references_on_random_folds with:
    input:
        unpack(view_files),
        labels="results/{organism}/labels/{aspect}.npz",
        folds=rules.make_random_folds.output,
    output:
        scores="results/{organism}/random_folds/references/{aspect}.npz",
        boosters=temp(directory("results/{organism}/random_folds/references/{aspect}")),
    log:
        "logs/{organism}/fit_references_on_random_folds.{aspect}.log",
    benchmark:
        "benchmarks/{organism}/fit_references_on_random_folds.{aspect}.tsv"


use rule cotrain as cotrain_on_random_folds with:
    input:
        unpack(view_files),
        labels="results/{organism}/labels/{aspect}.npz",
        folds=rules.make_random_folds.output,
        references=rules.fit_references_on_random_folds.output.boosters,
    output:
        scores="results/{organism}/random_folds/cotraining/{aspect}.npz",
        rounds="results/{organism}/random_folds/cotraining/{aspect}.tsv",
        boosters=temp(directory("results/{organism}/random_folds/cotraining/{aspect}")),
    log:
        "logs/{organism}/cotrain_on_random_folds.{aspect}.log",
    benchmark:
        "benchmarks/{organism}/cotrain_on_random_folds.{aspect}.tsv"
