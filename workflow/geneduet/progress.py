"""What a step tells of itself while it runs: lines in its log, at once."""

import time


def say(*lines: object) -> None:
    """Print lines with the time of day; whole lines, also when threads speak at once."""
    now = time.strftime("%H:%M:%S")
    print("".join(f"{now} {line}\n" for line in lines), end="", flush=True)
