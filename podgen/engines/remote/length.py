"""How long a text will be, and where a long one is cut; for any language."""

from __future__ import annotations

import re

from podgen.engines.joins import PARAGRAPH_GAP, SENTENCE_GAP
from podgen.engines.remote.reply import Expected
from podgen.text.sentences import split_clauses, split_sentences

LONGEST = 2000
"""Characters asked for at once unless `split` says otherwise: about two minutes. Longer answers
reach the models' frame limits (Voxtral: 4096 positions at 12.5 a second) or drift."""

_SYLLABIC = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def seconds(text: str, speed: float) -> float:
    """Roughly how long a text takes. Letters of alphabets take about 0.065 s; kana and hangul
    stand for a mora or syllable, a Chinese character for a whole one."""
    syllabic = len(_SYLLABIC.findall(text))
    chinese = len(_CHINESE.findall(text))
    figures = len(re.findall(r"\d", text))
    letters = len(re.findall(r"[^\W\d_]", text)) - syllabic - chinese
    stops = len(re.findall(r"[.!?…]+(?=\s|$)|[,;:—。！？、，；：]", text))
    sounds = letters * 0.065 + syllabic * 0.14 + chinese * 0.22 + figures * 0.25
    return 0.75 + (sounds + stops * 0.2) / speed


def expected(text: str, speed: float, rate: int | None) -> Expected:
    """What the sound of a text should be. The bounds are wide, as the estimate is rough, and no
    wider than what is accepted of any engine later: a bad answer is only asked for again here."""
    about = seconds(text, speed)
    letters = sum(c.isalnum() for c in text)
    return Expected(rate, about, max(0.3 * about - 0.5, letters / 60 / speed), 3.0 * about + 3.0)


def parts(text: str, split: str | int, longest: int = LONGEST) -> list[tuple[str, float]]:
    """`text` as it is asked for, each part with the pause after it in seconds.

    Whole, where it is short enough or `split` is "never"; else sentences together as far as they
    fit, and only a sentence that is too long by itself is cut inside.
    """
    limit = longest if split == "auto" else split
    if not isinstance(limit, int) or len(text) <= limit:
        return [(text, 0.0)]
    out: list[tuple[str, float]] = []
    held = ""
    ends_paragraph = False
    for sentence in split_sentences(text):
        for piece in split_clauses(sentence.text, limit):
            gap = "\n\n" if ends_paragraph else " "
            if held and len(held) + len(gap) + len(piece) > limit:
                out.append((held, PARAGRAPH_GAP if ends_paragraph else SENTENCE_GAP))
                held = ""
            held = f"{held}{gap}{piece}" if held else piece
            ends_paragraph = False
        ends_paragraph = sentence.ends_paragraph
    return [*out, (held, 0.0)]
