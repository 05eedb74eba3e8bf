"""Does co-training gain where it must, and not where it cannot? Simulated organisms whose truth is known.

The product's own commands learn on them, and its own evaluation judges, by cross-validation and on genes whose labels
were hidden. Blum and Mitchell 1998 (COLT) say when unlabelled genes must help: each view tells something, and given
the label the views are independent. Here the sequence view has partners of like function for some of the genes and
nothing else: it is right where a partner is labelled, silent elsewhere, and can hear what the expression view predicts
for partners that are not. The expression view tells of all genes, in a few of many features. It has no links, so that
there is nobody of whom it could hear, unless a scenario says so.
"""

import argparse
import itertools
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneduet import baselines, cli, cotraining, gain, splits, teaching
from geneduet.crossfit import CrossFit, Task
from geneduet.evaluation.judgement import Setting, compare, evaluate, measure, select
from geneduet.files import replace_between
from geneduet.labels import Labels
from geneduet.learners import View
from geneduet.scores import SUPERVISED, read
from geneduet.settings import Settings
from geneduet.views.vote import Neighbours

Bools = NDArray[np.bool_]
Scores = NDArray[np.float32]
Source = tuple[NDArray[np.float64], sparse.csr_array]  # features and links of a view

GENES, LABELLED, TEST, FOLDS = 1500, 150, 700, 5
PARENTS, CHILDREN = 5, 15  # terms; each parent has three children
TWO_FUNCTIONS = 0.3  # share of the genes that have two functions, not one
RELATED = 0.8  # chance that a gene has the functions of the gene before it in its family
PARTNERS = 8  # that a gene has, where it has any
MINIMUM_LABELS = 50
RESAMPLES = 200
# of depth 1 to 6 and 30 to 600 trees the ones with which the supervised learners were best
SETTINGS = Settings(trees=60, depth=2, learning_rate=0.1, min_rows=3.0, columns=0.5, reduced_dimensions=6)
MODELS = (*SUPERVISED, "self_training", "co_training", "final")
ROUNDS = 2  # as the commands have by default


@dataclass(frozen=True)
class Scenario:
    """How an organism is made.

    Parameters
    ----------
    linked : share of the genes that have partners of like function in the sequence view, which tells nothing of others.
    blurred : noise in a feature that tells of a function, which is 0 or 1; standard deviation.
    distractors : features of the expression view that tell nothing.
    shared : share of the genes whose expression view is a copy of the sequence view (its partners), and not features
        that tell; with 1 the expression view is a function of the sequence view.
    shuffled : whether the genes' labels are shuffled.
    one_hop : whether partners have no partners themselves, so that labels do not travel on along them.
    sequence, expression : what the views are made of: `partners`, `features`, `both`, or `noise`, which has as many
        features that tell nothing, and links as the partners are, but each gene those of another.
    """

    linked: float = 0.6
    blurred: float = 0.5
    distractors: int = 150
    shared: float = 0.0
    shuffled: bool = False
    one_hop: bool = False
    sequence: str = "partners"
    expression: str = "features"


SCENARIOS = {
    "independent": Scenario(),
    "one_hop": Scenario(one_hop=True),
    "half_shared": Scenario(shared=0.5),
    "all_shared": Scenario(shared=1.0),
    "shuffled": Scenario(shuffled=True),
    "noise_expression": Scenario(expression="noise"),
    "noise_sequence": Scenario(sequence="noise"),
    "swapped": Scenario(sequence="features", expression="partners"),
    "duplicated": Scenario(expression="partners"),
    "duplicated_both": Scenario(sequence="both", expression="both"),
}
# of the scenarios with a view of noise the other one; and its name where it teaches itself
SELF_TAUGHT = "alone_self_taught"
ALONE = {"noise_expression": "sequence", "noise_sequence": "expression"}


@dataclass(frozen=True)
class Organism:
    """A simulated organism.

    Parameters
    ----------
    task : what the product learns; it sees the labels of `task.labels.annotated` alone.
    truth : (genes, terms).
    test : (genes,), genes whose hidden labels are judged on.
    """

    task: Task
    truth: Bools
    test: Bools


def simulate(scenario: Scenario, seed: int) -> Organism:
    """Make an organism; scenarios of one seed have the same genes, labels and noise as far as they can."""
    genes, labels, sequence, expression, noise = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(5))
    family, function = _genes(genes)
    order = labels.permutation(GENES)
    annotated, test = np.zeros(GENES, bool), np.zeros(GENES, bool)
    annotated[order[:LABELLED]], test[order[LABELLED : LABELLED + TEST]] = True, True
    known = function[labels.permutation(GENES)] if scenario.shuffled else function
    closure = np.eye(PARENTS + CHILDREN, dtype=bool)
    closure[PARENTS + np.arange(CHILDREN), np.arange(CHILDREN) % PARENTS] = True
    truth = np.asarray(known.astype(int) @ closure[PARENTS:] > 0)

    linked = sequence.random(GENES) < scenario.linked
    partners = _partners(family, function, ~linked if scenario.one_hop else np.ones(GENES, bool), sequence)
    shared = expression.random(GENES) < scenario.shared
    told = function * ~shared[:, None] + expression.normal(0, scenario.blurred, function.shape)
    features = np.hstack([told, expression.normal(size=(GENES, scenario.distractors))])
    others = partners[noise.permutation(GENES)]
    others.setdiag(0)
    own = sequence.normal(size=(GENES, 4))
    sources: dict[str, Source] = {
        "partners": (own, _links(partners, linked)),
        "features": (features, _links(partners, linked & shared)),
        "both": (np.hstack([own, features]), _links(partners, linked)),
        "noise": (noise.normal(size=features.shape), _links(others, linked)),
    }
    made_of = {"sequence": scenario.sequence, "expression": scenario.expression}
    views = {name: _view(name, *sources[source]) for name, source in made_of.items()}
    # whatever the view is called in which they are
    homologues = next((own for view in views.values() for own in view.voters.values()), None)
    task = Task(
        labels=_labels(sparse.csr_array(truth & annotated[:, None]), annotated, closure),
        views=views,
        homology={} if homologues is None else {baselines.HOMOLOGUES: homologues},
        fold=splits.assign_folds(family, annotated, FOLDS, seed),
        family=family,
        folds=FOLDS,
        settings=SETTINGS,
        unknown_weight=1.0,
        seed=seed,
        threads=1,
    )
    return Organism(task, truth, test)


def _genes(random: np.random.Generator) -> tuple[NDArray[np.int64], Bools]:
    """Family of each gene, in families of one to three; functions, one or two, mostly those of the family."""
    family = np.repeat(np.arange(GENES), random.integers(1, 4, GENES))[:GENES]
    function = np.zeros((GENES, CHILDREN), bool)
    for gene in range(GENES):
        if gene and family[gene] == family[gene - 1] and random.random() < RELATED:
            function[gene] = function[gene - 1]
        else:
            number = 2 if random.random() < TWO_FUNCTIONS else 1
            function[gene, random.choice(CHILDREN, size=number, replace=False)] = True
    return family, function


def _partners(
    family: NDArray[np.int64], function: Bools, allowed: Bools, random: np.random.Generator
) -> sparse.csr_array:
    """For each gene random ones, of other families and allowed, of most like function: (genes, genes), weights."""
    common = function.astype(float) @ function.T
    like = common / (function.sum(axis=1)[:, None] + function.sum(axis=1) - common)
    like[(family[:, None] == family) | ~allowed] = -1
    chosen = np.argsort(-like + random.uniform(0, 0.01, like.shape), axis=1)[:, :PARTNERS]
    gene = np.repeat(np.arange(GENES), PARTNERS)
    return sparse.csr_array((random.uniform(50, 400, len(gene)), (gene, chosen.ravel())), shape=like.shape)


def _labels(positive: sparse.csr_array, annotated: Bools, closure: Bools) -> Labels:
    none = sparse.csr_array(positive.shape, dtype=bool)
    share = (positive.sum(axis=0) + 0.5) / (annotated.sum() + 1)
    terms = PARENTS + CHILDREN
    return Labels(
        aspect="P",
        genes=[f"g{gene:04}" for gene in range(GENES)],
        terms=[f"X:{term:02}" for term in range(terms)],
        names=[f"term {term}" for term in range(terms)],
        positive=positive,
        negative=none,
        excluded=none,
        annotated=annotated,
        ancestors=sparse.csr_array(closure),
        information_content=-np.log2(share),
        information_accretion=-np.log2(share),
    )


def _links(partners: sparse.csr_array, linked: Bools) -> sparse.csr_array:
    links = sparse.csr_array(sparse.diags_array(linked.astype(float)) @ partners)
    links.eliminate_zeros()
    return links


def _view(name: str, features: NDArray[np.float64], links: sparse.csr_array) -> View:
    columns = [f"{name}:{number}" for number in range(features.shape[1])]
    none = sparse.csr_array(links.shape, dtype=bool)
    voters = {("homologues" if name == "sequence" else "coexpressed"): Neighbours(links, none)} if links.nnz else {}
    return View(name, features.astype(np.float32), columns, np.ones(GENES, bool), voters)


# --- what the product makes of it


@dataclass(frozen=True, kw_only=True)
class Given(cli.Learning):
    """The task itself, where the commands would read it from files."""

    labels: Path = Path()
    folds: Path = Path()
    seed: int = 1
    minimum_labels: int = MINIMUM_LABELS
    given: Task | None = field(default=None)

    def task(self) -> Task:
        """Return the task."""
        assert self.given is not None
        return self.given


def run_models(organism: Organism, folder: Path, alone: str | None = None) -> tuple[dict[str, Scores], pd.DataFrame]:
    """What the commands fit-references and cotrain make of a task, with their defaults.

    Parameters
    ----------
    alone : a view that is to teach itself without the other, which gives the model SELF_TAUGHT.

    Returns
    -------
    For each model scores (genes, terms); and the table of rounds, with the share of the chains in which co-training is
    final and what `lessons` says.
    """
    references, trained, rounds = folder / "references.npz", folder / "cotraining.npz", folder / "rounds.tsv"
    learning = Given(given=organism.task)
    cli.fit_references(references, folder / "references", learning)
    cli.cotrain(folder / "references", trained, rounds, folder / "cotraining", learning)
    chosen = json.loads((folder / "cotraining" / "chosen.json").read_text())["final"]
    table = pd.read_csv(rounds, sep="\t").assign(final_is_cotraining=chosen.count("co_training") / len(chosen))
    learned = baselines.reload_supervised(organism.task, folder / "references")
    told = lessons(organism, learned, folder / "references")
    models = {**read(references).models, **read(trained).models}
    if alone is not None:
        models[SELF_TAUGHT] = organism.task.finish(
            cotraining.self_train(organism.task, {alone: learned[alone]}, ROUNDS)
        )
    return models, table.merge(told, on=["round", "view"], how="left")


def judge(organism: Organism, scores: dict[str, Scores], scenario: str, seed: int) -> pd.DataFrame:
    """Micro-AP of each model, and its paired difference from the best supervised one and from some that are named.

    Returns
    -------
    A row a split, model and reference; `best` marks the best supervised model as reference.
    """
    task, rows = organism.task, []
    truth, models = (
        sparse.csr_array(organism.truth),
        {name: scores[name] for name in (*MODELS, SELF_TAUGHT) if name in scores},
    )
    for split, genes in (("cross_validation", task.labels.annotated), ("holdout", organism.test)):
        judged = select(truth, genes, task.family, task.fold, task.labels, seed, RESAMPLES)
        metrics, comparisons = evaluate(models, judged, Setting(scenario, "P", split, seed=seed))
        value = metrics[metrics["metric"] == "micro_ap"].set_index("model")["value"]
        best = str(value[[name for name in SUPERVISED if name in models]].idxmax())
        measured = {name: measure(judged, judged.scores(own)) for name, own in models.items()}
        for name in models:
            row = {"scenario": scenario, "seed": seed, "split": split, "model": name, "micro_ap": value[name]}
            others = ("naive", *ALONE.values(), baselines.WEIGHTED, "self_training", SELF_TAUGHT)
            for reference in dict.fromkeys((best, *(other for other in others if other in models))):
                said = comparisons.query("metric == 'micro_ap' and model == @name and reference == @reference")
                # the product does not compare all pairs
                found = compare(measured[name], measured[reference], "micro_ap")
                if len(said) and name != reference:
                    assert said["verdict"].item() == found["verdict"]
                rows.append({**row, "reference": reference, "best": reference == best, **found})
    return pd.DataFrame(rows).drop(columns="metric")


def lessons(organism: Organism, learned: Mapping[str, CrossFit], folder: Path) -> pd.DataFrame:
    """How right the lessons of the first round are, and what comes of it on genes with hidden labels.

    Parameters
    ----------
    learned : the supervised learners, from whose scores the lessons are made.
    folder : theirs.

    Returns
    -------
    round, view (the student, or `co_training` for the stack); true_precision, to be held against `estimated_precision`
    in the table of rounds: share of true pairs when those of unlabelled genes are drawn as often as they weigh;
    hidden_gain, to be held against `score_after - score_before` there; weight of the student in the stack, the mean
    over the chains, and heard, in how many of them it has any.
    """
    task = organism.task
    made = next(teaching.teach(task, learned, teaching.CROSS, 1, "co_training", None))
    weighted = baselines.weigh(task, learned, folder)[baselines.WEIGHTED]
    rows: list[dict[str, object]] = [{"view": "co_training", "hidden_gain": _gain(organism, weighted, made.by_fold)}]
    for name, student in made.students.items():
        told = [lesson.told for lesson in made.lessons[name]]
        unlabelled = ~task.labels.annotated
        right = sum(float((own * organism.truth)[unlabelled].sum()) for own in told)
        weights = [chain["+".join(task.views)].get(f"{name}_student", 0.0) for chain in made.stacked.weights]
        rows.append(
            {
                "view": name,
                "true_precision": right / sum(float(own[unlabelled].sum()) for own in told),
                "hidden_gain": _gain(organism, learned[name].by_fold, student.by_fold),
                "weight": np.mean(weights),
                "heard": np.count_nonzero(weights),
            }
        )
    return pd.DataFrame(rows).assign(round=1)


def _gain(organism: Organism, before: Sequence[Scores], after: Sequence[Scores]) -> float:
    """By how much micro-AP is higher on the genes with hidden labels; both scores by chain."""
    task, test = organism.task, organism.test
    scores = [task.out_of_fold(by_fold)[test] for by_fold in (before, after)]
    return gain.compare(sparse.csr_array(organism.truth[test]), scores, task.family[test], task.seed).against(0, 1).gain


# --- the tables


def markdown(judged: pd.DataFrame, rounds: pd.DataFrame) -> str:
    """What came of each scenario, by split, and what became of the lessons."""
    lines = []
    for split, title in (("holdout", "On genes with hidden labels"), ("cross_validation", "By cross-validation")):
        lines += [
            f"{title}: micro-AP, mean over seeds; differences with their range over seeds, and the verdicts.",
            "",
            "| scenario | naive | best supervised | weighted fusion | self-training | co-training | final | "
            "co-training - best supervised | co-training - weighted fusion | co-training - self-training | "
            "final - best supervised |",
            "| --- |" + " --- |" * 10,
        ]
        for scenario in SCENARIOS:
            own = judged[(judged["scenario"] == scenario) & (judged["split"] == split)]
            if len(own):
                lines.append(f"| {scenario} | {' | '.join(_cells(own))} |")
        lines.append("")
    others = [name for name in MODELS[1:] if name in set(judged["model"])]
    lines += [
        "Over naive: mean difference over seeds, and how many verdicts say better and worse.",
        "",
        "| scenario | judged by | " + " | ".join(others) + " |",
        "| --- | --- |" + " --- |" * len(others),
    ]
    naive = judged[judged["reference"] == "naive"]
    for scenario in SCENARIOS:
        for split in ("holdout", "cross_validation"):
            own = naive[(naive["scenario"] == scenario) & (naive["split"] == split)]
            cells = [_over_naive(own[own["model"] == name]) for name in others]
            lines += [f"| {scenario} | {split} | {' | '.join(cells)} |"] if len(own) else []
    lines += [
        "",
        "With one view of noise: over the other view alone, and over the other view where it teaches itself; "
        "differences as above, and the lowest end of the intervals of single seeds.",
        "",
        "| scenario | judged by | model | over | difference | lowest end |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (scenario, alone), split in itertools.product(ALONE.items(), ("holdout", "cross_validation")):
        of_split = judged[(judged["scenario"] == scenario) & (judged["split"] == split)]
        for reference, name in itertools.product((alone, SELF_TAUGHT), ("self_training", "co_training", "final")):
            own = of_split[(of_split["model"] == name) & (of_split["reference"] == reference)]
            said = f"{name} | {reference} | {_difference(own)} | {own['ci_low'].min():+.3f}" if len(own) else ""
            lines += [f"| {scenario} | {split} | {said} |"] if said else []
    lines += [
        "",
        "The first round. Of each student: precision of what it is told of unlabelled genes, as the table of rounds "
        "estimates it, and as it is; its weight in the stack; its gain over its supervised model by cross-validation "
        "and on hidden labels. Of the stack, co_training: its gain over weighted fusion.",
        "",
        "| scenario | student | estimated | true | weight | heard in chains | gain by cross-validation "
        "| on hidden labels | seeds in which both are above 0 | co-training is final |",
        "| --- |" + " --- |" * 9,
    ]
    first = rounds[rounds["round"] == 1].assign(gain=lambda table: table["score_after"] - table["score_before"])
    for (label, view), own in first.groupby(["scenario", "view"], sort=False):
        mean = own.mean(numeric_only=True)
        precision = " | ".join(f"{mean[key]:.2f}" for key in ("estimated_precision", "true_precision", "weight"))
        told = f"{precision} | {own['heard'].sum():.0f} of {FOLDS * len(own)}" if view != "co_training" else " | | | "
        both = ((own["gain"] > 0) & (own["hidden_gain"] > 0)).sum()
        lines.append(
            f"| {label} | {view} | {told} | {_spread(own['gain'])} | {_spread(own['hidden_gain'])} | "
            f"{both} of {len(own)} | {100 * mean['final_is_cotraining']:.0f}% |"
        )
    return "\n".join(lines)


def _spread(values: pd.Series) -> str:
    return f"{values.mean():+.3f} ({values.min():+.3f} to {values.max():+.3f})"


def _over_naive(rows: pd.DataFrame) -> str:
    better, worse = ((rows["verdict"] == said).sum() for said in ("better", "worse"))
    return f"{rows['difference'].mean():+.4f}; {better}, {worse}"


def _cells(own: pd.DataFrame) -> list[str]:
    """A row of the first tables: of one scenario and split."""
    value = own.drop_duplicates(["seed", "model"]).groupby("model")["micro_ap"].mean()
    best = own[own["best"]].drop_duplicates("seed")
    of_best = own[own["model"] == own["reference"]].merge(best[["seed", "reference"]])["micro_ap"].mean()
    names = ", ".join(best["reference"].unique())
    beside_best = own[own["best"]]
    beside_others = [
        own[(own["reference"] == name) & (own["model"] == "co_training")]
        for name in ("weighted_fusion", "self_training")
    ]
    return [
        f"{value['naive']:.3f}",
        f"{of_best:.3f} ({names})",
        *(f"{value[name]:.3f}" for name in ("weighted_fusion", "self_training", "co_training", "final")),
        _difference(beside_best[beside_best["model"] == "co_training"]),
        *(_difference(rows) for rows in beside_others),
        _difference(beside_best[beside_best["model"] == "final"]),
    ]


def _difference(rows: pd.DataFrame) -> str:
    said = rows["verdict"].value_counts()
    counts = ", ".join(f"{number} {verdict}" for verdict, number in said.items())
    return f"{_spread(rows['difference'])}: {counts}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="one organism: judge all models")
    one.add_argument("scenario", choices=SCENARIOS)
    one.add_argument("seed", type=int)
    one.add_argument("judged", type=Path, help="where to write the judgement (TSV)")
    one.add_argument("rounds", type=Path, help="where to write what became of the rounds (TSV)")
    table = commands.add_parser("table", help="put the table into a Markdown file, between its two marks")
    table.add_argument("readme", type=Path)
    table.add_argument("--judged", type=Path, nargs="+", required=True)
    table.add_argument("--rounds", type=Path, nargs="+", required=True)
    given = parser.parse_args()
    if given.command == "run":
        organism = simulate(SCENARIOS[given.scenario], given.seed)
        with tempfile.TemporaryDirectory() as folder:
            scores, rounds = run_models(organism, Path(folder), ALONE.get(given.scenario))
        judge(organism, scores, given.scenario, given.seed).to_csv(given.judged, sep="\t", index=False)
        rounds.assign(scenario=given.scenario, seed=given.seed).to_csv(given.rounds, sep="\t", index=False)
        return
    judged, rounds = (
        pd.concat([pd.read_csv(file, sep="\t") for file in files]) for files in (given.judged, given.rounds)
    )
    text = markdown(judged, rounds)
    given.readme.write_text(replace_between(given.readme.read_text(), "figures", text))
    print(text)


if __name__ == "__main__":
    main()
