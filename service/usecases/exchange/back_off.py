"""How long to wait after so many tries in vain."""

from __future__ import annotations

import random


def back_off(tries: int, most: float = 60.0) -> float:
    """Seconds: doubling from one to `most`, with jitter, so that waiting clients spread out."""
    return random.uniform(0.5, 1.0) * min(most, 2.0 ** min(tries, 16))
