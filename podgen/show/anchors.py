"""Times in a show: seconds, or seconds after the start or end of a turn."""

from __future__ import annotations

import math
import re
from typing import Literal

from podgen.show.ids import normal_id
from podgen.show.model import Anchor

_ANCHOR = re.compile(r"([^\s.+]+)(?:\.(start|end))?(?:\s+([+-])\s+([0-9]+(?:\.[0-9]*)?|\.[0-9]+))?")
_FARTHEST = 86400.0


def read_time(text: str) -> float | Anchor | None:
    """Seconds or an anchor, None if `text` is neither.

    `id` is the turn's start. The spaces around + and - are required, for ids may hold dashes.
    """
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        return seconds if math.isfinite(seconds) and abs(seconds) <= _FARTHEST else None
    match = _ANCHOR.fullmatch(text.strip())
    turn = normal_id(match[1]) if match else None
    if match is None or turn is None:
        return None
    edge: Literal["start", "end"] = "end" if match[2] == "end" else "start"
    shift = float(match[4] or 0)
    return Anchor(turn, edge, -shift if match[3] == "-" else shift)
