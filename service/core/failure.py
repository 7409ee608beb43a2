"""Where something failed that nobody foresaw, for a log that names nobody."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb


def frames(error: BaseException) -> list[str]:
    """Where it failed, file and line from the outside in, without the words of the failure."""
    found = extract_tb(error.__traceback__)
    return ["/".join(Path(f.filename).parts[-3:]) + f":{f.lineno}" for f in found]
