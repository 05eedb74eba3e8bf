"""Co-training: the two views, and the learner on both, teach each other from the unlabelled genes; and what is final.

`teaching` makes the rounds. A chain of `crossfit` keeps the round after which the stack of models and students ranks
best; where that beats every supervised model it is final, else the best of those. A chain decides by the genes of the
other folds, whose scores in this chain are blind to its own fold too. A lesson is blind to both folds of its pair: raw
scores of models that have seen neither. Every round teaches the next, kept or not: which chain keeps it is known from
labels that one of the pair's chains must not see. When no chain is better after a round than after the one before,
there is none to come.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet import baselines, teaching
from geneduet.baselines import EARLY, WEIGHTED, best
from geneduet.crossfit import CrossFit, Matrix, Task
from geneduet.files import open_output
from geneduet.gain import Comparison, Resampled, compare
from geneduet.lazy import Computed
from geneduet.learners import Lesson, listening
from geneduet.progress import say
from geneduet.stacking import Stack, Weights, calibrated, stack
from geneduet.teaching import CROSS, OWN, Round

ByFold = Sequence[Matrix]

COLUMNS = [
    "aspect", "round", "view", "pseudo_labels", "estimated_precision", "score_before", "score_after", "kept", "reason",
]  # fmt: skip
LIKELY = 0.5  # a pair told at or above it is counted as a pseudo-label


@dataclass(frozen=True)
class Outcome:
    """What came of co-training.

    Parameters
    ----------
    models : `co_training` and `final`, each by fold; `final` is co-training where it won, else the best supervised.
    views : scores of each single view after co-training, by fold.
    chosen : name of the model that is final, for each fold.
    kept : number of the round that co-training ended with, for each fold.
    weights : for each fold, by the views that a gene has, the weight of each model in co-training.
    rounds : table of COLUMNS.
    """

    models: dict[str, ByFold]
    views: dict[str, ByFold]
    chosen: list[str]
    kept: list[int]
    weights: list[Weights]
    rounds: pd.DataFrame


def cotrain(
    task: Task,
    simple: Mapping[str, ByFold],
    learned: Mapping[str, CrossFit],
    rounds: int,
    folder: Path,
    reported: NDArray[np.bool_] | None = None,
) -> Outcome:
    """Run the rounds.

    Parameters
    ----------
    simple : scores of the models that are not fitted, by chain.
    learned : the supervised learners, with which the rounds begin.
    rounds : at most; 0 switches teaching off.
    folder : where new boosters go.
    reported : (genes,), those that may be in a score of the table of rounds; all when not given.
    """
    shown = task.labels.annotated if reported is None else task.labels.annotated & reported
    single = baselines.by_fold(learned)
    supervised = {**simple, **single, **baselines.fuse(task, single), **baselines.weigh(task, learned, folder)}
    reason = _hindrance(task, learned, rounds)
    if reason:
        chosen, models = _finally(task, supervised)
        table = pd.DataFrame([_skipped(task, reason)], columns=COLUMNS)
        return Outcome(models, {name: single[name] for name in task.views}, chosen, [], [], table)
    kept, scores, table = _best_rounds(task, learned, supervised[WEIGHTED], rounds, folder, shown)
    chosen, models = _finally(task, {**supervised, "co_training": scores})
    weights = [kept[k].stacked.weights[k] for k in range(task.folds)]
    views = {name: _view(task, name, learned, kept, folder) for name in task.views}
    return Outcome(models, views, chosen, [own.number for own in kept], weights, table)


def self_train(task: Task, learned: Mapping[str, CrossFit], rounds: int) -> ByFold:
    """The same with each model its own teacher: what the second view adds is what co-training scores above it.

    Parameters
    ----------
    learned : the supervised learners.
    rounds : as for co-training: the same cost.

    Returns
    -------
    For each chain, calibrated scores (genes, terms).
    """
    kept: list[Round] = []
    for made in teaching.teach(task, learned, OWN, rounds, "self_training", None):
        kept = _keep(task, kept, made)
        if made not in kept:
            break
    return _scores(kept)


def not_learned(task: Task, naive: ByFold, reason: str) -> Outcome:
    """The outcome where an aspect has too few labels: naive is final, and the table says why."""
    rows = pd.DataFrame([_skipped(task, reason)], columns=COLUMNS)
    return Outcome({"final": naive}, {}, ["naive"] * task.folds, [], [], rows)


def write_choice(path: Path, outcome: Outcome) -> None:
    """Write the views learned, which model is final in each chain, and its round and weights of co-training (JSON)."""
    chosen = {"views": list(outcome.views), "final": outcome.chosen, "rounds": outcome.kept}
    with open_output(path) as handle:
        json.dump({**chosen, "weights": outcome.weights}, handle, indent=1)


@dataclass(frozen=True)
class Choice:
    """What `write_choice` wrote, for each chain.

    Parameters
    ----------
    views : that were learned, the same for all.
    final : model that is final.
    rounds, weights : round that co-training ended with, and as in `Outcome`; both empty where there was none.
    """

    views: list[str]
    final: list[str]
    rounds: list[int]
    weights: list[dict[str, dict[str, float]]]


def read_choice(path: Path) -> Choice:
    """Read what `write_choice` wrote."""
    return Choice(**json.loads(path.read_text()))


def remove_unused(folder: Path, outcome: Outcome) -> None:
    """Remove the boosters of rounds later than any that a chain ended with: they are large, and teach nobody.

    Parameters
    ----------
    folder : where `cotrain` saved them.
    """
    for place in folder.glob("*.[0-9]*/"):
        if int(place.name.rpartition(".")[2]) > max(outcome.kept, default=0):
            shutil.rmtree(place)


def _hindrance(task: Task, learned: Mapping[str, CrossFit], rounds: int) -> str:
    """Why nobody can be taught; empty where somebody can."""
    if len(task.views) < 2:
        return "one view only: nobody to learn from"
    if EARLY not in learned:
        return "too few labelled genes have both views"
    if not listening(task.views.values()):
        return "no links between genes along which anything could be heard"
    return "" if rounds else "switched off (cotraining.enabled)"


def _best_rounds(
    task: Task, learned: Mapping[str, CrossFit], before: ByFold, rounds: int, folder: Path, shown: NDArray[np.bool_]
) -> tuple[list[Round], ByFold, pd.DataFrame]:
    """For each chain the round after which the stack ranks best, the scores of these, and the table of rounds."""
    rows: list[dict[str, object]] = []
    kept: list[Round] = []
    for made in teaching.teach(task, learned, CROSS, rounds, "co_training", folder):
        new = [_student_row(task, made, name, learned, shown) for name in made.students]
        new.append(_stack_row(task, made, before, shown))
        say(*(f"round {row['round']}, {row['view']}: {row['reason']}" for row in new))
        rows += new
        kept = _keep(task, kept, made)
        if made not in kept:
            break
    return kept, _scores(kept), pd.DataFrame(rows, columns=COLUMNS)


def _keep(task: Task, kept: Sequence[Round], made: Round) -> list[Round]:
    """The round that each chain is to keep, the new one where the stack ranks better after it.

    A chain that has refused a round has done with it, whatever the others do: they have seen labels that it must not.
    """
    if not kept:
        return [made] * task.folds

    def better(k: int) -> bool:
        return _compare(task, [kept[k].by_fold[k], made.by_fold[k]], task.training(k)).against(0, 1).gain > 0

    return [made if own.number == made.number - 1 and better(k) else own for k, own in enumerate(kept)]


def _scores(kept: Sequence[Round]) -> ByFold:
    """The stack's scores in each chain, of the round that the chain keeps."""
    return Computed(len(kept), lambda k: kept[k].by_fold[k])


def _view(task: Task, name: str, learned: Mapping[str, CrossFit], kept: Sequence[Round], folder: Path) -> ByFold:
    """A view after co-training: its supervised model and its student in one score."""
    made = {}
    for own in {own.number: own for own in kept}.values():
        parts = teaching.parts(task, learned, own.students)
        made[own.number] = stack(task, {part: model for part, model in parts.items() if list(model.views) == [name]})
    raw = Computed(task.folds, lambda k: made[kept[k].number].raw[k])
    weights = [made[kept[k].number].weights[k] for k in range(task.folds)]
    return calibrated(task, f"{name}_view", Stack(raw, weights), task.present([name]), folder)


def _finally(task: Task, models: Mapping[str, ByFold]) -> tuple[list[str], dict[str, ByFold]]:
    """For each chain co-training where it beats every supervised model, else the best of those.

    No margin of noise is asked for: a student that does not help has no weight in the stack, so that there is little to
    lose, and with few labels hardly any gain is beyond noise.
    """
    chosen = []
    for k in range(task.folds):
        found = _compare(task, (by_fold[k] for by_fold in models.values()), task.training(k))
        values = dict(zip(models, found.values, strict=True))
        taught, supervised = values.pop("co_training", -np.inf), best(values)
        chosen.append("co_training" if taught > values[supervised] else supervised)
    say(f"{task.labels.aspect}: final is {', '.join(chosen)} (by fold)")
    final = Computed(task.folds, lambda k: models[chosen[k]][k])
    cotrained = models.get("co_training", models.get(WEIGHTED, final))
    return chosen, {"co_training": cotrained, "final": final}


def _compare(task: Task, scores: Iterable[Matrix], genes: NDArray[np.bool_]) -> Resampled:
    return compare(task.labels.positive[genes], (own[genes] for own in scores), task.family[genes], task.seed)


def _student_row(
    task: Task, made: Round, name: str, learned: Mapping[str, CrossFit], shown: NDArray[np.bool_]
) -> dict[str, object]:
    """What a student was told, how it ranks beside the model that it goes beyond, and what the stack makes of it."""
    student = made.students[name].by_fold
    if name == EARLY:
        student = baselines.complete(task, {**baselines.by_fold(learned), EARLY: student})[EARLY]
    own = _compare(task, [task.out_of_fold(learned[name].by_fold), task.out_of_fold(student)], shown).against(0, 1)
    weights = [chain.get("+".join(task.views), {}).get(f"{name}_student", 0.0) for chain in made.stacked.weights]
    used = sum(weight > 0 for weight in weights)
    reason = (
        f"{_change(own)}; weight {np.mean(weights):.2f} in the stack, heard in {used} of {task.folds} folds' chains"
    )
    return _row(task, made.number, name, own, used, reason) | _told(task, made.lessons[name])


def _stack_row(task: Task, made: Round, before: ByFold, shown: NDArray[np.bool_]) -> dict[str, object]:
    """How the stack of models and students ranks beside that of the models alone."""
    overall = _compare(task, [task.out_of_fold(before), task.out_of_fold(made.by_fold)], shown).against(0, 1)
    chains = [_compare(task, [before[k], made.by_fold[k]], task.training(k)) for k in range(task.folds)]
    better = sum(chain.against(0, 1).beyond_noise for chain in chains)
    reason = f"{_change(overall)} against weighted fusion, beyond noise in {better} of {task.folds} folds' chains"
    return _row(task, made.number, "co_training", overall, better, reason)


def _row(task: Task, number: int, name: str, compared: Comparison, chains: int, reason: str) -> dict[str, object]:
    return {
        "aspect": task.labels.aspect,
        "round": number,
        "view": name,
        "score_before": compared.before,
        "score_after": compared.after,
        "kept": "yes" if chains == task.folds else "partly" if chains else "no",
        "reason": reason,
    }


def _change(compared: Comparison) -> str:
    return f"{compared.gain:+.4f} +- {compared.error:.4f} micro-AP"


def _told(task: Task, lessons: Sequence[Lesson]) -> dict[str, object]:
    """How many pairs of unlabelled genes were told as likely, and how many of those told are expected to be true."""
    likely, total, precise = 0, 0.0, 0.0
    unlabelled = ~task.labels.annotated
    for lesson in lessons:
        told = lesson.told[unlabelled]
        likely += int((told >= LIKELY).sum())
        total += float(told.sum(dtype=np.float64))
        precise += float((told * told).sum(dtype=np.float64))
    # the share of true pairs expected when pairs are drawn as often as they weigh
    return {
        "pseudo_labels": round(likely / len(lessons)),
        "estimated_precision": precise / total if total else np.nan,
    }


def _skipped(task: Task, reason: str) -> dict[str, object]:
    return {
        "aspect": task.labels.aspect,
        "round": 0,
        "view": next(iter(task.views), ""),
        "kept": "no",
        "reason": reason,
    }
