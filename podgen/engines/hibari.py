"""hibari: a 7.9 MB English voice at about 100 times real time on one core, for drafts and tests.

One voice travels in its package, "heart", distilled from Kokoro's af_heart. Any cast may share it;
another seed changes nothing that can be heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata, util
from typing import Any

from podgen.engines import english
from podgen.engines.base import Availability, Capabilities, Samples, Speech, Utterance, VoiceInfo
from podgen.engines.checks import Failures, Problems, check_against, finished, refuse
from podgen.engines.joins import PARAGRAPH_GAP, SENTENCE_GAP, join
from podgen.errors import EngineError
from podgen.text.language import primary
from podgen.text.sentences import split_clauses

INSTALL = "pip install 'podgen[embedded]'"
_RATE = 24_000
_LONGEST = 400  # phonemes the model takes at once
_CLAUSE_GAP = 0.2
_VOICE = VoiceInfo("heart", "en-US", "f", "American, warm; the one voice of the draft engine")


class HibariEngine:
    """The draft engine. It has no settings."""

    name = "hibari"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        for setting in sorted(settings or {}):
            raise EngineError(f"hibari has no setting `{setting}`", "it has none; take it out")
        self._model: Any = None
        self._g2p: english.G2P | None = None

    def capabilities(self) -> Capabilities:
        """English at 24 kHz, with speed and phonemes."""
        return Capabilities(
            languages=("en",), sample_rate=_RATE, speed=(0.5, 2.0), phonemes=True, takes=False
        )

    def availability(self) -> Availability:
        """Whether hibari and onnxruntime are installed."""
        for module, package in (("hibari", "hibari-tts"), ("onnxruntime", "onnxruntime")):
            if util.find_spec(module) is None:
                return Availability(False, f"{package} is not installed: {INSTALL}")
        return Availability(True, f"hibari-tts {metadata.version('hibari-tts')}")

    def voices(self) -> Sequence[VoiceInfo]:
        """The voice that its package holds."""
        return (_VOICE,)

    def check(self, utterance: Utterance) -> Problems:
        """Refuses other voices and languages, and words without an English sound."""
        problems = check_against(utterance, self.capabilities(), self.name)
        if utterance.voice != _VOICE.name:
            problems.append(
                (f"hibari has no voice `{utterance.voice}`", "its one voice is `heart`")
            )
        if primary(utterance.language) != "en":
            problems.append(
                (
                    f"hibari speaks English only, not `{utterance.language}`",
                    "cast a voice of an engine that has the language",
                )
            )
        return problems + english.problems(utterance)

    def estimate(self, utterance: Utterance) -> float:
        """Seconds of speech, from the text's length."""
        return english.seconds(utterance.text, utterance.speed)

    def fingerprint(self) -> str:
        """hibari's version (its weights travel with it) and that of the text rules."""
        return f"hibari-{metadata.version('hibari-tts')} text-{english.RULES_VERSION} take-1"

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Speaks in the order given.

        Raises:
            EngineError: at the end, naming the utterances that could not be spoken.
        """
        if utterances:
            self._load()
        failures = Failures()
        for utterance in utterances:
            speech = None
            with failures.kept():
                speech = self._speak(utterance)
            if speech is not None:
                yield speech
        failures.tell()

    def close(self) -> None:
        """Forget the model."""
        self._model = None
        self._g2p = None

    def _speak(self, utterance: Utterance) -> Speech:
        refuse(self.name, utterance, self.check(utterance))
        model, read = self._load()
        pieces: list[Samples] = []
        gaps: list[float] = []
        for sentence in english.phonemes(read, utterance):
            for part in split_clauses(sentence.text, _LONGEST):
                pieces.append(model.from_phonemes(part, utterance.speed, utterance.seed))
                gaps.append(_CLAUSE_GAP / utterance.speed)
            gap = PARAGRAPH_GAP if sentence.ends_paragraph else SENTENCE_GAP
            gaps[-1] = gap / utterance.speed
        return finished(self.name, utterance, join(pieces, gaps[:-1], _RATE), _RATE)

    def _load(self) -> tuple[Any, english.G2P]:
        if self._model is not None and self._g2p is not None:
            return self._model, self._g2p
        available = self.availability()
        if not available.usable:
            raise EngineError(f"hibari cannot speak here: {available.reason}")
        from hibari import Hibari

        self._g2p = english.G2P()
        self._model = Hibari(voice=_VOICE.name, threads=1)
        return self._model, self._g2p
