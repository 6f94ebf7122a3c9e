"""Joins separately spoken sentences into one utterance, with pauses as a speaker makes them."""

from __future__ import annotations

from collections.abc import Sequence

from podgen.engines.base import Samples

SENTENCE_GAP = 0.3
PARAGRAPH_GAP = 0.6
"""Seconds of pause at normal speed; Kokoro leaves 0.1 to 0.35 s within one piece."""
QUIET_DB = -50.0
"""Below this level under a piece's peak nothing is heard as speech."""
_FRAME = 0.005
_MARGIN = 0.03  # seconds kept around the speech of a piece at a join, and the fade there
_FADE = 0.008


def speech_span(samples: Samples, rate: int) -> tuple[int, int]:
    """First and last+1 sample of the speech in `samples`; (0, 0) if there is none."""
    import numpy as np

    frame = round(rate * _FRAME)
    count = len(samples) // frame
    if not count:
        return (0, len(samples))
    power = np.square(samples[: count * frame].reshape(count, frame)).mean(axis=1)
    peak = float(np.abs(samples).max())
    if peak == 0.0:
        return (0, 0)
    loud = np.flatnonzero(power > (peak * 10 ** (QUIET_DB / 20)) ** 2)
    if not loud.size:
        return (0, 0)
    return (int(loud[0]) * frame, min(len(samples), (int(loud[-1]) + 1) * frame))


class Joiner:
    """Joins pieces in order, giving back each piece with the pause before it.

    The pause is what is heard: the quiet that pieces bring along counts towards it, and is cut
    where it is more. The outer ends stay as they are.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tail: int | None = None  # samples of quiet after the last piece's speech

    def add(self, samples: Samples, gap: float, *, last: bool) -> Samples:
        """The next piece; `gap` seconds are heard between it and the one before."""
        import numpy as np

        rate = self._rate
        margin, fade = round(rate * _MARGIN), round(rate * _FADE)
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        start, end = speech_span(samples, rate)
        opens = self._tail is None
        first = 0 if opens else max(0, start - margin)
        stop = len(samples) if last else min(len(samples), end + margin)
        piece = samples[first:stop].copy()
        silence = 0
        n = min(fade, len(piece))
        if not opens:
            silence = max(0, round(gap * rate) - (self._tail or 0) - (start - first))
            piece[:n] *= ramp[:n]
        if not last:
            piece[len(piece) - n :] *= ramp[:n][::-1]
        self._tail = stop - end
        return np.concatenate([np.zeros(silence, np.float32), piece])


def settled(samples: Samples, rate: int) -> int:
    """How much of a first piece's beginning a `Joiner` will leave as it is, whatever follows.

    Nothing is cut or faded before the end of the speech so far: the level that counts as speech
    only rises with the peak, and a new peak is itself speech that comes later.
    """
    _, end = speech_span(samples, rate)
    return max(0, end - round(rate * _FADE))


def join(pieces: Sequence[Samples], gaps: Sequence[float], rate: int) -> Samples:
    """`pieces` one after the other by `Joiner`, with `gaps[i]` seconds of pause after piece i.

    `gaps` is one shorter than `pieces`.
    """
    import numpy as np

    joiner, last = Joiner(rate), len(pieces) - 1
    return np.concatenate(
        [
            joiner.add(piece, gap, last=index == last)
            for index, (piece, gap) in enumerate(zip(pieces, (0.0, *gaps), strict=True))
        ]
    )
