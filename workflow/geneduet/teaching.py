"""Students: models that also hear what their teachers predict for a gene's neighbours, in rounds.

A student is its supervised model with one more vote: along the links of its view, each neighbour in training votes with
its labels and each other one with what a teacher predicts for it, a probability, which is its estimated precision. Its
trees and the weight of that vote are learned from labelled genes alone. So nobody is forced to believe a wrong
prediction, predictions are made anew each round and wrong ones leave again, and the prior of a term is kept. (Nigam and
Ghani 2000, CIKM, taught soft labels as if they were labels; neighbours' predicted labels as features are the iterative
classification of Neville and Jensen 2000, AAAI workshop, and Lu and Getoor 2003, ICML.)

`CROSS` is co-training (Blum and Mitchell 1998, COLT): the sequence view is taught by the expression view and the
reverse, and the learner on both by the fusion of all three. `OWN` is self-training, the same with each model its own
teacher: as many models, the same cost, and the same seeds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geneduet import baselines, stacking
from geneduet.baselines import EARLY, EXPRESSION, FUSION, SEQUENCE
from geneduet.crossfit import CrossFit, Matrix, Task, cross_fit
from geneduet.lazy import Computed
from geneduet.learners import Lesson, listening
from geneduet.stacking import Part, Stack

ByPair = Sequence[Matrix]

# of each student its teacher
CROSS = {SEQUENCE: EXPRESSION, EXPRESSION: SEQUENCE, EARLY: FUSION}
OWN = {SEQUENCE: SEQUENCE, EXPRESSION: EXPRESSION, EARLY: EARLY}


@dataclass(frozen=True)
class Round:
    """What a round of teaching came to.

    Parameters
    ----------
    number : from 1 on.
    lessons : of each student, by pair of folds.
    students : by the name of the supervised model that each goes beyond.
    stacked : the supervised models and the students of this round in one score.
    by_fold : the same calibrated, for each chain.
    """

    number: int
    lessons: Mapping[str, Sequence[Lesson]]
    students: Mapping[str, CrossFit]
    stacked: Stack
    by_fold: Sequence[Matrix]


def teach(
    task: Task,
    learned: Mapping[str, CrossFit],
    teachers: Mapping[str, str],
    rounds: int,
    name: str,
    folder: Path | None,
) -> Iterator[Round]:
    """Rounds of teaching. In the first the supervised models teach, then each of them and its student with one voice.

    A model in whose views there are no links has no student: it would be the same model with another seed.

    Parameters
    ----------
    learned : the supervised learners.
    teachers : CROSS or OWN.
    rounds : how many.
    name : of the result, for the calibrators.
    folder : where boosters of students and calibrators go; none is saved without one.
    """
    views = baselines.learned_models(task)
    supervised = baselines.by_pair(learned)
    voices: Mapping[str, ByPair] = supervised
    hearing = [name for name in learned if listening(task.views[view] for view in views[name])]
    for number in range(1, rounds + 1):
        lessons = {student: _lessons(task, voices, teachers[student]) for student in hearing}
        students = {
            student: cross_fit(task, f"{student}.{number}", views[student], folder, own)
            for student, own in lessons.items()
        }
        stacked = stacking.stack(task, parts(task, learned, students))
        scores = stacking.calibrated(task, f"{name}.{number}", stacked, task.present_in_any(), folder)
        yield Round(number, lessons, students, stacked, scores)
        grown = baselines.complete(task, {**supervised, **baselines.by_pair(students)})
        voices = {**supervised, **{student: _mean(supervised[student], grown[student]) for student in students}}


def parts(task: Task, learned: Mapping[str, CrossFit], students: Mapping[str, CrossFit]) -> dict[str, Part]:
    """The supervised models, and their students as `<name>_student`, as parts of a stack."""
    views = baselines.learned_models(task)
    taught = {f"{name}_student": Part(views[name], own.by_pair) for name, own in students.items()}
    return {name: Part(views[name], own.by_pair) for name, own in learned.items()} | taught


def _lessons(task: Task, voices: Mapping[str, ByPair], teacher: str) -> Sequence[Lesson]:
    """What a student is told, for each pair of folds; raw scores of squared error are probabilities but for noise."""
    scores = baselines.fuse(task, voices)[FUSION] if teacher == FUSION else voices[teacher]
    return Computed(len(task.pairs), lambda number: Lesson.of(scores[number]))


def _mean(one: ByPair, other: ByPair) -> ByPair:
    return Computed(len(one), lambda number: np.float32(0.5) * (one[number] + other[number]))
