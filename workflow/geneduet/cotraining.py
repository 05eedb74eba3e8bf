"""Co-training: the two views, and the learner on both, teach each other from the unlabelled genes.

After Blum and Mitchell 1998 (COLT), in the soft form of Nigam and Ghani 2000 (CIKM). In each round a student is
refitted on the labelled genes and on soft labels of the unlabelled genes of which its teacher is most certain. The
sequence view is taught by the expression view and the reverse; the learner on both views by the fusion of all three.
Soft labels are made anew each round, so a wrong one can leave again. A chain of `crossfit` takes a student only where
it comes out better than the one in use, beyond the noise of the comparison; it decides by the genes of the other folds,
whose scores in this chain are blind to its own fold too. A lesson is blind to both folds of its pair: raw scores of
models that have seen neither, and every student of a round teaches in the next, kept or not, because which chain keeps
it is known from labels that one of the pair's chains must not see. A chain that keeps no student of a round stops.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet import baselines
from geneduet.baselines import EARLY, EXPRESSION, SEQUENCE, best, complete, fuse, learned_models
from geneduet.crossfit import CrossFit, Matrix, Pair, Task, cross_fit, pair_name
from geneduet.files import open_output
from geneduet.gain import Comparison, Resampled, compare
from geneduet.lazy import Computed
from geneduet.learners import Lesson
from geneduet.progress import say
from geneduet.views import vote

ByFold = Sequence[Matrix]

COLUMNS = [
    "aspect", "round", "view", "pseudo_labels", "estimated_precision", "score_before", "score_after", "kept", "reason",
]  # fmt: skip
LIKELY = 0.5  # a taught pair at or above it is counted as a pseudo-label


@dataclass(frozen=True)
class Rules:
    """How the views teach: rounds at most, share of the unlabelled genes taught, weight of a taught gene."""

    rounds: int = 1
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
    source : for each learner and chain the models in use: `references` or `cotraining`, and their name there.
    rounds : table of COLUMNS.
    """

    models: dict[str, ByFold]
    views: dict[str, ByFold]
    chosen: list[str]
    source: dict[str, list[tuple[str, str]]]
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


def cotrain(
    task: Task,
    simple: Mapping[str, ByFold],
    learned: Mapping[str, CrossFit],
    rules: Rules,
    folder: Path,
    reported: NDArray[np.bool_] | None = None,
) -> Outcome:
    """Run the rounds.

    Parameters
    ----------
    simple : scores of the models that are not fitted, by chain.
    learned : the supervised learners, with which the rounds begin.
    folder : where new boosters go.
    reported : (genes,), those that may be in a score of the table of rounds; all when not given.
    """
    shown = task.labels.annotated if reported is None else task.labels.annotated & reported
    teachers = baselines.by_pair(learned)
    current = baselines.by_fold(learned)
    supervised = {**simple, **current, **fuse(task, current)}
    source = {name: [("references", name)] * task.folds for name in learned}
    rows: list[dict[str, object]] = []
    if len(task.views) < 2:
        rows.append(_skipped(task, "one view only: nobody to learn from"))
    elif EARLY not in learned:
        rows.append(_skipped(task, "too few labelled genes have both views"))
    elif not rules.rounds:
        rows.append(_skipped(task, "switched off (cotraining.enabled)"))
    active = set(range(task.folds))
    for number in range(1, 1 if rows else rules.rounds + 1):
        lessons = {name: _lessons(task, name, teachers, rules) for name in learned}
        students = _teach(task, current, lessons, number, folder)
        kept: set[int] = set()
        for name, student in students.items():
            judged = _judge(task, current[name], student.by_fold, shown)
            better = {k for k in active if judged.chains[k].beyond_noise}
            rows.append(_row(task, number, name, lessons[name], judged.overall, better))
            current[name] = _where(better, student.by_fold, current[name])
            source[name] = [
                ("cotraining", f"{name}.{number}") if k in better else own for k, own in enumerate(source[name])
            ]
            kept |= better
            say(_sentence(rows[-1]))
        teachers = baselines.by_pair(students)
        active = kept
        if not active:
            break
    models, chosen = _finally(task, supervised, current)
    views = {name: current[name] for name in task.views}
    return Outcome(models, views, chosen, source, pd.DataFrame(rows, columns=COLUMNS))


def not_learned(task: Task, naive: ByFold, reason: str) -> Outcome:
    """The outcome where an aspect has too few labels: naive is final, and the table says why."""
    rows = pd.DataFrame([_skipped(task, reason)], columns=COLUMNS)
    return Outcome({"final": naive}, {}, ["naive"] * task.folds, {}, rows)


def write_choice(path: Path, outcome: Outcome) -> None:
    """Write which model is final and which boosters are in use, for each chain (JSON)."""
    with open_output(path) as handle:
        json.dump({"final": outcome.chosen, "boosters": outcome.source}, handle, indent=1)


def remove_unused(task: Task, folder: Path, outcome: Outcome) -> None:
    """Remove the boosters of lessons that were not kept: they are large, and nobody will ask for them.

    Parameters
    ----------
    folder : where `cotrain` saved them.
    """
    used = {
        folder / name / pair_name(pair)
        for own in outcome.source.values()
        for k, (_, name) in enumerate(own)
        for pair in task.pairs
        if k in pair
    }
    for model in folder.glob("*.[0-9]*/"):
        for place in filter(Path.is_dir, list(model.iterdir())):
            if place not in used:
                shutil.rmtree(place)
        if not any(place.is_dir() for place in model.iterdir()):
            shutil.rmtree(model)


def _where(better: Set[int], student: ByFold, before: ByFold) -> ByFold:
    """The student's scores in the chains in which it is better."""
    return Computed(len(before), lambda k: (student if k in better else before)[k])


def _lessons(task: Task, student: str, teachers: Mapping[str, Sequence[Matrix]], rules: Rules) -> Sequence[Lesson]:
    """What a student is taught, for each pair of folds; raw scores of squared error are probabilities but for noise."""
    views = learned_models(task)
    teacher = {SEQUENCE: EXPRESSION, EXPRESSION: SEQUENCE}.get(student, EARLY)
    scores = teachers[teacher] if teacher != EARLY else fuse(task, teachers)["fusion"]
    can = task.present([*views[student], *views[teacher]])
    return Computed(
        len(task.pairs), lambda number: _lesson(task, task.pairs[number], np.clip(scores[number], 0, 1), can, rules)
    )


def _lesson(task: Task, pair: Pair, scores: Matrix, can: NDArray[np.bool_], rules: Rules) -> Lesson:
    training = task.training(*pair)
    prior = vote.naive(task.labels.positive, training)
    chosen = select(scores, prior, can & ~training, rules.teach_share)
    return Lesson(scores, chosen * np.float32(rules.weight))


def _teach(
    task: Task, current: Mapping[str, ByFold], lessons: Mapping[str, Sequence[Lesson]], number: int, folder: Path
) -> dict[str, CrossFit]:
    """The students of a round; all learn from the state before it."""
    views = learned_models(task)
    taught = {name: cross_fit(task, f"{name}.{number}", views[name], folder, own) for name, own in lessons.items()}
    raw = complete(task, baselines.by_pair(taught))
    # a gene with one view gets the score of that view that its chain uses
    fused = complete(task, {**current, EARLY: taught[EARLY].by_fold})[EARLY]
    done = {**baselines.by_fold(taught), EARLY: fused}
    return {name: CrossFit(raw[name], done[name]) for name in taught}


@dataclass(frozen=True)
class _Judgement:
    """Before against after: out of fold, for the table; and for each chain on the genes of the other folds."""

    overall: Comparison
    chains: list[Comparison]


def _judge(task: Task, before: Sequence[Matrix], after: Sequence[Matrix], shown: NDArray[np.bool_]) -> _Judgement:
    overall = _compare(task, [task.out_of_fold(before), task.out_of_fold(after)], shown)
    chains = [_compare(task, pair, task.training(k)) for k, pair in enumerate(zip(before, after, strict=True))]
    return _Judgement(overall.against(0, 1), [chain.against(0, 1) for chain in chains])


def _compare(task: Task, scores: Iterable[Matrix], genes: NDArray[np.bool_]) -> Resampled:
    return compare(task.labels.positive[genes], (own[genes] for own in scores), task.family[genes], task.seed)


def _finally(
    task: Task, supervised: Mapping[str, ByFold], current: Mapping[str, ByFold]
) -> tuple[dict[str, ByFold], list[str]]:
    """Co-training's fusion, and for each fold's chain that where it beats every supervised model, else the best one."""
    fused = fuse(task, current)
    cotrained = fused.get("fusion", fused.get("late_fusion", next(iter(current.values()))))
    names = list(supervised)
    chosen = []
    for k in range(task.folds):
        scores = (by_fold[k] for by_fold in (*supervised.values(), cotrained))
        found = _compare(task, scores, task.training(k))
        reference = best(dict(zip(names, found.values, strict=False)))
        # of nearly equal models the best may be so by chance: each has to be beaten
        won = all(found.against(number, len(names)).beyond_noise for number in range(len(names)))
        chosen.append("co_training" if won else reference)
    say(f"{task.labels.aspect}: final is {', '.join(chosen)} (by fold)")
    models = {**supervised, "co_training": cotrained}
    return {"co_training": cotrained, "final": Computed(task.folds, lambda k: models[chosen[k]][k])}, chosen


def _row(
    task: Task, number: int, name: str, lessons: Sequence[Lesson], overall: Comparison, better: Set[int]
) -> dict[str, object]:
    likely, total, precise = 0, 0.0, 0.0
    for lesson in lessons:
        target = lesson.target[lesson.weight > 0]
        likely += int((target >= LIKELY).sum())
        total += float(target.sum())
        precise += float((target * target).sum())
    change = f"{overall.gain:+.4f} +- {overall.error:.4f} micro-AP"
    return {
        "aspect": task.labels.aspect,
        "round": number,
        "view": name,
        "pseudo_labels": round(likely / len(lessons)),
        # the share of true pairs expected when pairs are drawn as often as their weight says
        "estimated_precision": precise / total if total else np.nan,
        "score_before": overall.before,
        "score_after": overall.after,
        "kept": "yes" if len(better) == task.folds else "partly" if better else "no",
        "reason": f"{change}; kept in {len(better)} of {task.folds} folds' chains",
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
