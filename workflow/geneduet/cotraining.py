"""Co-training: the two views, and the learner on both, teach each other from the unlabelled genes.

After Blum and Mitchell 1998 (COLT), in the soft form of Nigam and Ghani 2000 (CIKM). In each round a student is
refitted on the labelled genes and on soft labels of the unlabelled genes of which its teacher is most certain. The
sequence view is taught by the expression view and the reverse; the learner on both views by the fusion of all three.
Soft labels are made anew each round, so a wrong one can leave again. A student that does not come out better than it
was, beyond the noise of the comparison, is thrown away: its old version stays. Each fold's chain decides by the genes
of the other folds.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet.baselines import EARLY, EXPRESSION, SEQUENCE, best, complete, fuse, learned_models
from geneduet.crossfit import Task, cross_fit
from geneduet.files import open_output
from geneduet.gain import Comparison, compare
from geneduet.learners import Lesson
from geneduet.progress import say
from geneduet.views import vote

Matrix = NDArray[np.float32]
ByFold = list[Matrix]

COLUMNS = [
    "aspect", "round", "view", "pseudo_labels", "estimated_precision", "score_before", "score_after", "kept", "reason",
]  # fmt: skip
LIKELY = 0.5  # a taught pair at or above it is counted as a pseudo-label


@dataclass(frozen=True)
class Rules:
    """How the views teach: rounds at most, share of the unlabelled genes taught, weight of a taught gene."""

    rounds: int = 2
    teach_share: float = 0.25
    weight: float = 0.3


@dataclass(frozen=True)
class Outcome:
    """What came of co-training.

    Parameters
    ----------
    models : `co_training` and `final`, each by fold; `final` is co-training where it won, else the best supervised.
    views : scores of each single view after co-training, by fold.
    chosen : name of the model that is final, for each fold.
    source : for each learner and fold the booster in use: `references` or `cotraining`, and its folder.
    rounds : table of COLUMNS.
    """

    models: dict[str, ByFold]
    views: dict[str, ByFold]
    chosen: list[str]
    source: dict[str, list[tuple[str, Path]]]
    rounds: pd.DataFrame


def select(teacher: Matrix, prior: Matrix, candidates: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """The candidates whose scores depart most from the prior: there the teacher has something to say.

    Parameters
    ----------
    teacher : (genes, terms), probabilities.
    prior : (terms,).
    candidates : (genes,).
    share : of the candidates that is taken, rounded up.

    Returns
    -------
    (genes,) bool.

    >>> scores = np.array([[0.1], [0.9], [0.4]], np.float32)
    >>> select(scores, np.array([0.1], np.float32), np.array([True, True, True]), 0.3).tolist()
    [False, True, False]
    """
    rows = np.flatnonzero(candidates)
    departure = np.abs(teacher[rows] - prior).sum(axis=1)
    order = np.argsort(-departure, kind="stable")[: int(np.ceil(share * len(rows)))]
    chosen = np.zeros(len(candidates), bool)
    chosen[rows[order]] = True
    return chosen


def cotrain(task: Task, supervised: Mapping[str, ByFold], rules: Rules, folders: Mapping[str, Path]) -> Outcome:
    """Run the rounds.

    Parameters
    ----------
    supervised : scores of all supervised models, by fold; the learned ones are where the rounds begin.
    folders : where the boosters of the supervised models are (`references`) and where new ones go (`cotraining`).
    """
    students = learned_models(task)
    current = {name: list(supervised[name]) for name in students}
    source = {
        name: [("references", folders["references"] / name / str(k)) for k in range(task.folds)] for name in students
    }
    rows: list[dict[str, object]] = []
    if len(task.views) < 2:
        rows.append(_skipped(task, "one view only: nobody to learn from"))
    elif EARLY not in students:
        rows.append(_skipped(task, "too few labelled genes have both views"))
    elif not rules.rounds:
        rows.append(_skipped(task, "switched off (cotraining.enabled)"))
    taught_by: dict[str, list[Matrix]] = {}
    for number in range(1, 1 if rows else rules.rounds + 1):
        taught = _round(task, current, taught_by, rules, number, folders["cotraining"])
        for name, (lessons, scores) in taught.items():
            judged = _judge(task, current[name], scores)
            rows.append(_row(task, number, name, lessons, judged))
            for k, comparison in enumerate(judged.chains):
                if comparison.beyond_noise:
                    current[name][k] = scores[k]
                    source[name][k] = ("cotraining", folders["cotraining"] / f"{name}.{number}" / str(k))
            say(_sentence(rows[-1]))
        if all(row["kept"] == "no" for row in rows if row["round"] == number):
            break
    models, chosen = _finally(task, supervised, current)
    views = {name: current[name] for name in task.views}
    return Outcome(models, views, chosen, source, pd.DataFrame(rows, columns=COLUMNS))


def not_learned(task: Task, naive: ByFold, reason: str) -> Outcome:
    """The outcome where an aspect has too few labels: naive is final, and the table says why."""
    rows = pd.DataFrame([_skipped(task, reason)], columns=COLUMNS)
    return Outcome({"final": naive}, {}, ["naive"] * task.folds, {}, rows)


def write_choice(path: Path, outcome: Outcome) -> None:
    """Write which model is final and which boosters are in use, for each fold (JSON)."""
    source = {
        name: [(origin, f"{place.parent.name}/{place.name}") for origin, place in own]
        for name, own in outcome.source.items()
    }
    with open_output(path) as handle:
        json.dump({"final": outcome.chosen, "boosters": source}, handle, indent=1)


def remove_unused(folder: Path, outcome: Outcome) -> None:
    """Remove the boosters of lessons that were not kept: they are large, and nobody will ask for them.

    Parameters
    ----------
    folder : where `cotrain` saved them.
    """
    used = {place for own in outcome.source.values() for _, place in own}
    for model in folder.glob("*.[0-9]*/"):
        for place in model.iterdir():
            if place not in used:
                shutil.rmtree(place)
        if not any(model.iterdir()):
            model.rmdir()


def _round(
    task: Task, current: Mapping[str, ByFold], taught_by: dict[str, ByFold], rules: Rules, number: int, folder: Path
) -> dict[str, tuple[list[Lesson], ByFold]]:
    """Each student's lessons and its scores after them; all learn from the same state, none from a fellow's new one.

    A student whose teacher is what it was at the last lesson is left out: it would hear the same again. `taught_by`
    remembers each student's last teacher.
    """
    fused = fuse(task, current)["fusion"]
    teachers = {SEQUENCE: (EXPRESSION, current[EXPRESSION]), EXPRESSION: (SEQUENCE, current[SEQUENCE])}
    result = {}
    for name, views in learned_models(task).items():
        teacher, scores = teachers.get(name, (EARLY, fused))
        if name in taught_by and all(np.array_equal(*pair) for pair in zip(scores, taught_by[name], strict=True)):
            continue
        taught_by[name] = list(scores)
        can = task.present([*views, *learned_models(task)[teacher]])
        lessons = [_lesson(task, k, scores[k], can, rules) for k in range(task.folds)]
        learned = cross_fit(task, f"{name}.{number}", views, folder, lessons)
        result[name] = lessons, complete(task, {**current, EARLY: learned})[EARLY] if name == EARLY else learned
    return result


def _lesson(task: Task, k: int, scores: Matrix, can: NDArray[np.bool_], rules: Rules) -> Lesson:
    training = task.training(k)
    prior = vote.naive(task.labels.positive, training)
    chosen = select(scores, prior, can & ~training, rules.teach_share)
    return Lesson(scores, chosen * np.float32(rules.weight))


@dataclass(frozen=True)
class _Judgement:
    """Before against after, on all labelled genes, and for each fold's chain on those of the other folds."""

    overall: Comparison
    chains: list[Comparison]


def _judge(task: Task, before: Sequence[Matrix], after: Sequence[Matrix]) -> _Judgement:
    labelled = task.labels.annotated
    old, new = task.out_of_fold(before)[labelled], task.out_of_fold(after)[labelled]
    fold = task.fold[labelled]
    masks = [np.ones(len(fold), bool), *(fold != k for k in range(task.folds))]
    overall, *chains = compare(task.labels.positive[labelled], [old, new], task.family[labelled], masks, seed=task.seed)
    return _Judgement(overall.against(0, 1), [chain.against(0, 1) for chain in chains])


def _finally(
    task: Task, supervised: Mapping[str, ByFold], current: Mapping[str, ByFold]
) -> tuple[dict[str, ByFold], list[str]]:
    """Co-training's fusion, and for each fold's chain that where it beats every supervised model, else the best one."""
    fused = fuse(task, current)
    cotrained = fused.get("fusion", fused.get("late_fusion", next(iter(current.values()))))
    names = list(supervised)
    labelled = task.labels.annotated
    fold = task.fold[labelled]
    scores = [task.out_of_fold(by_fold)[labelled] for by_fold in (*supervised.values(), cotrained)]
    masks = [fold != k for k in range(task.folds)]
    chosen, final = [], []
    for k, chain in enumerate(compare(task.labels.positive[labelled], scores, task.family[labelled], masks, task.seed)):
        reference = best(dict(zip(names, chain.values, strict=False)))
        # of nearly equal models the best may be so by chance: each has to be beaten
        won = all(chain.against(number, len(names)).beyond_noise for number in range(len(names)))
        chosen.append("co_training" if won else reference)
        final.append(cotrained[k] if won else supervised[reference][k])
    say(f"{task.labels.aspect}: final is {', '.join(chosen)} (by fold)")
    return {"co_training": cotrained, "final": final}, chosen


def _row(task: Task, number: int, name: str, lessons: Sequence[Lesson], judged: _Judgement) -> dict[str, object]:
    taught = [lesson.target[lesson.weight > 0] for lesson in lessons]
    total = sum(float(target.sum()) for target in taught)
    kept = sum(chain.beyond_noise for chain in judged.chains)
    overall = judged.overall
    change = f"{overall.gain:+.4f} +- {overall.error:.4f} micro-AP"
    return {
        "aspect": task.labels.aspect,
        "round": number,
        "view": name,
        "pseudo_labels": round(sum(int((target >= LIKELY).sum()) for target in taught) / len(taught)),
        # the share of true pairs expected when pairs are drawn as often as their weight says
        "estimated_precision": sum(float((target * target).sum()) for target in taught) / total if total else np.nan,
        "score_before": overall.before,
        "score_after": overall.after,
        "kept": "yes" if kept == len(judged.chains) else "partly" if kept else "no",
        "reason": f"{change}; kept in {kept} of {len(judged.chains)} folds' chains",
    }


def _skipped(task: Task, reason: str) -> dict[str, object]:
    return {
        "aspect": task.labels.aspect,
        "round": 0,
        "view": next(iter(task.views), ""),
        "kept": "no",
        "reason": reason,
    }


def _sentence(row: Mapping[str, object]) -> str:
    return f"round {row['round']}, {row['view']}: {row['reason']}"
