"""What every engine asks of an utterance before it speaks; engines add their own to it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from podgen.engines.base import Capabilities, Samples, Speech, Utterance
from podgen.errors import EngineError, Problem
from podgen.text.silence import is_silent

Problems = list[tuple[str, str]]


def check_against(utterance: Utterance, can: Capabilities, engine: str) -> Problems:
    """What `utterance` asks beyond `can`, and texts with nothing to say."""
    problems: Problems = []
    if is_silent(utterance.text):
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
            (
                f"{engine} cannot take phonemes",
                f"write a respelling in the lexicon, in their place or after them: "
                f"`{utterance.phonemes[0][0]}: /{utterance.phonemes[0][1]}/ RESPELLING`",
            )
        )
    if (utterance.ref_audio is not None or utterance.ref_text is not None) and not can.cloning:
        problems.append(
            (f"{engine} cannot clone a voice", "take `ref_audio` out or cast another engine")
        )
    if utterance.voice_file is not None and not can.voice_files:
        problems.append((f"{engine} takes no voice from a file", "name one of its own voices"))
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


class Failures:
    """Utterances that could not be spoken, told once all the others are."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps an EngineError of the block for later."""
        try:
            yield
        except EngineError as error:
            self._problems += error.problems

    def tell(self) -> None:
        """Raises an EngineError with all that was kept, if there is any."""
        if self._problems:
            raise EngineError(list(dict.fromkeys(self._problems)))


class Heard:
    """What an utterance's sound is like, told as it comes."""

    def __init__(self, utterance: Utterance, rate: int) -> None:
        self._utterance = utterance
        self._rate = rate
        self._count = 0
        self._peak = 0.0

    def add(self, samples: Samples) -> None:
        """The next samples, or all of them."""
        import numpy as np

        self._count += len(samples)
        if len(samples):  # a peak that is not a number stays one
            self._peak = float(np.maximum(self._peak, np.abs(samples).max()))

    def accept(self, engine: str) -> None:
        """Check that it can be a reading of the text, when all has come.

        Raises:
            EngineError: where it is empty, silent, not finite, or faster than 60 letters or
                figures a second (fast speech has about 20).
        """
        letters = sum(c.isalnum() for c in self._utterance.text)
        seconds = self._count / self._rate
        if not self._count:
            fault = "no sound"
        elif not math.isfinite(self._peak):
            fault = "samples that are not numbers"
        elif self._peak < 1e-3:
            fault = "silence"
        elif seconds * self._utterance.speed * 60 < letters:
            fault = f"only {seconds:.2f} s of sound for {letters} letters"
        else:
            return
        raise EngineError(
            Problem(
                f"{engine} made {fault}",
                "try another take, voice or wording",
                turn=self._utterance.id,
            )
        )


def finished(engine: str, utterance: Utterance, samples: Samples, rate: int) -> Speech:
    """`samples` as the utterance's speech.

    Raises:
        EngineError: where they cannot be a reading of the text, see `Heard`.
    """
    import numpy as np

    heard = Heard(utterance, rate)
    heard.add(samples)
    heard.accept(engine)
    return Speech(utterance.id, np.ascontiguousarray(samples, dtype=np.float32), rate)
