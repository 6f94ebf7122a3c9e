"""What every engine asks of an utterance before it speaks; engines add their own to it."""

from __future__ import annotations

from podgen.engines.base import Capabilities, Samples, Speech, Utterance
from podgen.engines.speakable import has_words
from podgen.errors import EngineError, Problem

Problems = list[tuple[str, str]]


def primary(language: str) -> str:
    """The language of a BCP 47 tag without its region: "en" of "en-GB"."""
    return language.replace("_", "-").split("-", 1)[0].casefold()


def check_against(utterance: Utterance, can: Capabilities, engine: str) -> Problems:
    """What `utterance` asks beyond `can`, and texts with nothing to say."""
    problems: Problems = []
    if not has_words(utterance.text):
        problems.append(("there is nothing to say in the text", "write at least one word"))
    if can.speed is None:
        if utterance.speed != 1.0:
            problems.append((f"{engine} has one speed only", "take `speed` out"))
    elif not can.speed[0] <= utterance.speed <= can.speed[1]:
        problems.append(
            (
                f"speed {utterance.speed:g} is outside {engine}'s range",
                f"choose one from {can.speed[0]:g} to {can.speed[1]:g}",
            )
        )
    if utterance.phonemes and not can.phonemes:
        problems.append(
            (f"{engine} cannot take phonemes", "give the words as respellings in the lexicon")
        )
    if (utterance.ref_audio is not None or utterance.ref_text is not None) and not can.cloning:
        problems.append(
            (f"{engine} cannot clone a voice", "take `ref_audio` out or cast another engine")
        )
    if utterance.instructions is not None and not can.instructions:
        problems.append(
            (f"{engine} cannot follow instructions", "take them out or cast another engine")
        )
    for name in sorted(utterance.settings):
        problems.append((f"{engine} has no setting `{name}` for a voice or turn", "take it out"))
    return problems


def refuse(engine: str, utterance: Utterance, problems: Problems) -> None:
    """Raises an EngineError with all of an utterance's problems, if it has any."""
    if problems:
        raise EngineError([Problem(what, remedy, turn=utterance.id) for what, remedy in problems])


def finished(engine: str, utterance: Utterance, samples: Samples, rate: int) -> Speech:
    """`samples` as the utterance's speech.

    Raises:
        EngineError: where they cannot be a reading of the text: empty, silent, not finite, or
            faster than 60 letters or figures a second (fast speech has about 20).
    """
    import numpy as np

    letters = sum(c.isalnum() for c in utterance.text)
    seconds = len(samples) / rate
    if not len(samples) or not np.isfinite(samples).all():
        fault = "no sound" if not len(samples) else "samples that are not numbers"
    elif float(np.abs(samples).max()) < 1e-3:
        fault = "silence"
    elif seconds * utterance.speed * 60 < letters:
        fault = f"only {seconds:.2f} s of sound for {letters} letters"
    else:
        return Speech(utterance.id, np.ascontiguousarray(samples, dtype=np.float32), rate)
    raise EngineError(
        Problem(f"{engine} made {fault}", "try another take, voice or wording", turn=utterance.id)
    )
