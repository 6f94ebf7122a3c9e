"""Which letters a sound holds, heard without knowing any words.

A recogniser with a language model mends what it hears: a word that was cut out comes back, a phrase
said twice is written once. A small network on the states of Whisper's encoder has no words to mend
with: it gives the letters a to z or none for each 20 ms, and was trained with connectionist
temporal classification (Graves et al. 2006) by `scripts/train_letters.py`. The text is laid along
it at the least cost; where something else is much likelier than what it says, there is a misfit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from podgen.proof.spelling import letters

Floats = npt.NDArray[np.float32]
FRAME_SECONDS = 0.02
WIDTH = 512
"""Of the encoder's states, in Whisper base: the network was trained on these alone."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SKIP = 2.0
"""Nats that a word costs which is left out, so that none is for nothing."""
_IMPOSSIBLE = 999.0
_LEAST = -20.0
FILLER, FILLER_FRAME = 2.0, 0.1
"""Nats that letters nobody wrote cost, once and for each frame."""
LEAST_WEIGHT = 3.0
"""Nats by which something else must be likelier for a misfit to be told of."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Words `[first, last)` of the text that are not there, or, where there are none, letters
    `heard` before word `first` that nobody wrote; from `start` to `end`, in seconds.

    `weight` is how much likelier the sound is so than as it is written, in nats. `lasting` is the
    time in which a recogniser heard those words all the same, in seconds.
    """

    start: float
    end: float
    weight: float
    first: int
    last: int
    heard: str
    lasting: float = 0.0


def spell(states: Floats) -> Floats:
    """The log probability of no letter and of each letter, shape [frames, 27].

    `states` are those of Whisper base's encoder, shape [frames, 512].
    """
    inner = np.maximum(_convolved(states, "w1", "b1"), 0)
    out = _convolved(inner, "w2", "b2")
    out -= out.max(axis=1, keepdims=True)
    scores: Floats = out - np.log(np.exp(out).sum(axis=1, keepdims=True))
    return scores


def _convolved(rows: Floats, weight: str, bias: str) -> Floats:
    """Rows through a convolution along time, shape [frames, in] to [frames, out]."""
    kernel = _network()[weight]  # [out, in, size]
    size = kernel.shape[2]
    padded = np.pad(rows, ((size // 2, size // 2), (0, 0)))
    out = sum(padded[at : at + len(rows)] @ kernel[:, :, at].T for at in range(size))
    moved: Floats = np.asarray(out, np.float32) + _network()[bias]
    return moved


@cache
def _network() -> dict[str, Floats]:
    with (
        files("podgen.proof").joinpath("data/letters.npz").open("rb") as file,
        np.load(file) as held,
    ):
        return {name: held[name].astype(np.float32) for name in held.files}


def likelihood(scores: Floats, words: Sequence[str]) -> float | None:
    """The log likelihood of words, in nats against the likeliest letters of all; None of words that
    it cannot spell, or that are too many."""
    laid = _lay(words)
    if laid is None or len(scores) < 2:
        return None
    symbols, bounds = laid
    way = _laid(scores, symbols, bounds)
    return None if way is None else -float(way.cost(scores, symbols).sum())


def misfits(scores: Floats, words: Sequence[str]) -> list[Misfit] | None:
    """Where letters, from `spell`, are not those of the words; None of words it cannot spell.

    How a word is spelt does not matter much: it is compared with its absence and with further
    letters beside it, not with the letters that are heard in its place. The heaviest come first.
    """
    laid = _lay(words)
    if laid is None or len(scores) < 2:
        return None
    symbols, bounds = laid
    written = _laid(scores, symbols, bounds)
    if written is None:
        whole = _collapsed(scores.argmax(axis=1))
        return [_misfit(0, len(scores), _IMPOSSIBLE, 0, len(words), whole)]
    shorter = _laid(scores, symbols, bounds, skip=SKIP)
    longer = _laid(scores, symbols, bounds, filler=FILLER)
    assert shorter is not None and longer is not None  # they may go the way of `written`
    base = written.cost(scores, symbols)
    found = []
    cells = [at for at, _, _ in shorter.skips]
    gains = base - shorter.cost(scores, symbols)
    for (at, first, last), weight in zip(shorter.skips, _shares(gains, cells), strict=True):
        left = weight - SKIP * (last - first)
        found.append(_misfit(at, at + 1, left, first, last, ""))
    cells = [(start + end) // 2 for start, end, _ in longer.fillers]
    gains = base - longer.cost(scores, symbols)
    for (start, end, word), weight in zip(longer.fillers, _shares(gains, cells), strict=True):
        heard = _collapsed(scores[start:end].argmax(axis=1))
        found.append(_misfit(start, end, weight - FILLER, word, word, heard))
    told = [one for one in found if one.weight >= LEAST_WEIGHT]
    return sorted(told, key=lambda one: -one.weight)


def _lay(words: Sequence[str]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
    """Words as symbols, letters with nothing between and around them, and the places before each
    word and behind the last one."""
    spelt = [letters(word) for word in words]
    text = "".join(spelt)
    if not text or any(letter not in LETTERS for letter in text):
        return None
    symbols = np.zeros(2 * len(text) + 1, int)
    symbols[1::2] = [LETTERS.index(letter) + 1 for letter in text]
    return symbols, 2 * np.cumsum([0, *map(len, spelt)])


def _misfit(start: int, end: int, weight: float, first: int, last: int, heard: str) -> Misfit:
    at, to = round(start * FRAME_SECONDS, 2), round(end * FRAME_SECONDS, 2)
    return Misfit(at, to, round(min(weight, _IMPOSSIBLE), 1), first, last, heard)


def _shares(gains: Floats, at: Sequence[int]) -> list[float]:
    """What each of some places has of the gains over all frames: those nearest to it."""
    edges = [0, *((one + other) // 2 for one, other in pairwise(at)), len(gains)]
    return [float(gains[a:b].sum()) for a, b in pairwise(edges)] if at else []


@dataclass(frozen=True, slots=True)
class _Way:
    """A text laid along frames.

    Attributes:
        path: the place among the symbols at each frame; -1 in letters that nobody wrote.
        skips: the frame before which words `[first, last)` are left out, as (frame, first, last).
        fillers: frames `[start, end)` of letters before a word, as (start, end, word).
    """

    path: npt.NDArray[Any]
    skips: list[tuple[int, int, int]]
    fillers: list[tuple[int, int, int]]

    def cost(self, scores: Floats, symbols: npt.NDArray[Any]) -> Floats:
        """Nats by which each frame is less likely than at its likeliest."""
        frames = np.arange(len(scores))
        emitted = scores[frames, symbols[np.maximum(self.path, 0)]]
        lost: Floats = scores.max(axis=1) - emitted
        return np.where(self.path < 0, np.float32(FILLER_FRAME), lost)


def _laid(
    scores: Floats,
    symbols: npt.NDArray[Any],
    bounds: npt.NDArray[Any],
    *,
    skip: float | None = None,
    filler: float | None = None,
) -> _Way | None:
    """The likeliest way of the symbols through the frames (Viterbi); None if they are too many.

    Args:
        bounds: the places before each word and behind the last one.
        skip: what leaving out a word costs, if that may be.
        filler: what it costs to begin letters that nobody wrote between words, if that may be.
    """
    frames, count, words = len(scores), len(symbols), np.arange(len(bounds))
    emitted = np.maximum(scores[:, symbols], _LEAST)
    best = scores.max(axis=1) - FILLER_FRAME
    doubled = np.zeros(count, bool)  # a letter that may follow on the last one at once
    doubled[3::2] = symbols[3::2] != symbols[1:-2:2]
    value = np.full(count, -np.inf, np.float32)
    inside = np.full(len(bounds), -np.inf, np.float32)
    back = np.zeros((frames, count), np.int32)
    entered = np.zeros((frames, len(bounds)), bool)
    jumped = np.tile(words, (frames, 1)) if skip is not None else None
    for at in range(frames):
        if at:
            step = np.concatenate(([-np.inf], value[:-1]))
            twice = np.where(doubled, np.concatenate(([-np.inf, -np.inf], value[:-2])), -np.inf)
            choices = np.stack((value, step, twice))
            move = choices.argmax(axis=0)
            fresh = choices.max(axis=0)
            back[at] = np.arange(count) - move
        else:
            fresh = np.where(np.arange(count) < 2, 0.0, -np.inf)
        if filler is not None:
            leaving = inside > fresh[bounds]
            back[at, bounds[leaving]] = -1 - words[leaving]
            came = (value[bounds] if at else np.where(words == 0, 0.0, -np.inf)) - filler
            entered[at] = came > inside
            left = np.maximum(fresh[bounds], inside)
            inside = np.maximum(came, inside) + best[at]
            fresh[bounds] = left
        value = (fresh + emitted[at]).astype(np.float32)
        if jumped is not None and skip is not None:
            raised = value[bounds] + skip * words
            highest = np.maximum.accumulate(raised)
            jumped[at] = np.maximum.accumulate(np.where(raised >= highest, words, 0))
            value[bounds] = highest - skip * words
    ends = [value[-1], value[-2], inside[-1] if filler is not None else -np.inf]
    last = int(np.argmax(ends))
    if not np.isfinite(ends[last]):
        return None
    place = [count - 1, count - 2, -len(bounds)][last]
    return _traced(place, back, entered, jumped, bounds)


def _traced(
    place: int,
    back: npt.NDArray[Any],
    entered: npt.NDArray[Any],
    jumped: npt.NDArray[Any] | None,
    bounds: npt.NDArray[Any],
) -> _Way:
    """The way that ends in a place; -1 - word is the place in letters before a word."""
    path = np.zeros(len(back), int)
    skips: list[tuple[int, int, int]] = []
    fillers: list[tuple[int, int, int]] = []
    word_at = {int(bound): word for word, bound in enumerate(bounds)}
    end = len(back)
    for at in range(len(back) - 1, -1, -1):
        if place >= 0 and jumped is not None and place in word_at:
            word = word_at[place]
            if (source := int(jumped[at, word])) != word:
                # What follows on it at once, in letters, was left out with it.
                until = skips.pop()[2] if skips and skips[-1][1] == word else word
                skips.append((at, source, until))
                place = int(bounds[source])
        path[at] = max(place, -1)
        if place >= 0:
            place, end = int(back[at, place]), at
        elif entered[at, -1 - place]:
            fillers.append((at, end, -1 - place))
            place = int(bounds[-1 - place])
    return _Way(path, skips[::-1], fillers[::-1])


def _collapsed(best: npt.NDArray[Any]) -> str:
    edges = np.flatnonzero(np.diff(np.concatenate(([-1], best))))
    return "".join(LETTERS[symbol - 1] for symbol in best[edges] if symbol)
