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
_MARGIN = 0.03
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


def join(pieces: Sequence[Samples], gaps: Sequence[float], rate: int) -> Samples:
    """`pieces` one after the other, with `gaps[i]` seconds of pause after piece i.

    The pause is what is heard: the quiet that pieces bring along counts towards it, and is cut
    where it is more. The outer ends stay as they are. `gaps` is one shorter than `pieces`.
    """
    import numpy as np

    if len(pieces) == 1:
        return pieces[0]
    margin, fade = round(rate * _MARGIN), round(rate * _FADE)
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    out: list[Samples] = []
    tail = 0
    for index, piece in enumerate(pieces):
        start, end = speech_span(piece, rate)
        first = 0 if index == 0 else max(0, start - margin)
        last = len(piece) if index == len(pieces) - 1 else min(len(piece), end + margin)
        cut = piece[first:last].copy()
        if index:
            lead = start - first
            silence = round(gaps[index - 1] * rate) - tail - lead
            out.append(np.zeros(max(0, silence), np.float32))
            n = min(fade, len(cut))
            cut[:n] *= ramp[:n]
        if index < len(pieces) - 1:
            n = min(fade, len(cut))
            cut[len(cut) - n :] *= ramp[:n][::-1]
        out.append(cut)
        tail = last - end
    return np.concatenate(out)
