"""What a user did wrong, said in one line."""

from pathlib import Path


class InputError(Exception):
    """A fault in what the user gave: printed as one line, exit status 2, no traceback.

    Parameters
    ----------
    source : the file (or config key) at fault.
    problem : what is wrong.
    advice : what to do about it.
    line : line number in the file, counted from 1.

    >>> print(InputError("genes.gaf", "only 3 columns", "give 15 or more", line=7))
    genes.gaf:7: only 3 columns; give 15 or more
    """

    def __init__(self, source: str | Path, problem: str, advice: str, line: int | None = None) -> None:
        self.source, self.problem, self.advice, self.line = str(source), problem, advice, line
        place = self.source if line is None else f"{self.source}:{line}"
        # a name from a file may hold anything; one fault stays one line
        super().__init__(" ".join(f"{place}: {problem}; {advice}".split()))


def nearest(word: str, known: list[str] | set[str]) -> str:
    """A hint that names the known word most like this one, or nothing.

    >>> nearest("proteom", ["proteome", "ontology"])
    " (did you mean 'proteome'?)"
    >>> nearest("xyz", ["proteome"])
    ''
    """
    import difflib

    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def few(names: list[str] | set[str], count: int = 3) -> str:
    """A few names as examples, for messages.

    >>> few(["b", "a", "d", "c"])
    'a, b, c, ...'
    """
    chosen = sorted(names)
    return ", ".join(chosen[:count]) + (", ..." if len(chosen) > count else "")
