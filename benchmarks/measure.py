"""Seconds and memory of a piece of work in a process of its own: what another one has freed would be counted."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Measured(Generic[Result]):
    """What was made, in how many seconds, and peak memory in MB above that of the process with the data."""

    result: Result
    seconds: float
    megabytes: float


def measure(work: Callable[..., Result], *given: object) -> Measured[Result]:
    """Do a piece of work, which has to be picklable, and so has what it is given."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, *given))


def _measure(work: Callable[..., Result], *given: object) -> Measured[Result]:
    before, start = _memory("VmRSS"), time.perf_counter()
    result = work(*given)
    return Measured(result, time.perf_counter() - start, _memory("VmHWM") - before)


def _memory(field: str) -> float:
    """MB that this process has, or had at most, as Linux tells; getrusage would count the parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024
