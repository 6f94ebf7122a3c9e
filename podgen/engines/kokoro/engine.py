"""The Kokoro engine: turns into pieces, pieces through the model on all cores, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib import metadata, util

from podgen.engines import english
from podgen.engines.base import Availability, Capabilities, Samples, Speech, Utterance, VoiceInfo
from podgen.engines.checks import Failures, Problems, check_against, finished, refuse
from podgen.engines.continuous import Delivery, Inbox
from podgen.engines.joins import join
from podgen.engines.kokoro import espeak, voices, weights
from podgen.engines.kokoro.joining import Crew, result
from podgen.engines.kokoro.model import RATE, Model, vocabulary
from podgen.engines.kokoro.reading import Piece, Reader
from podgen.engines.kokoro.takes import take
from podgen.engines.order import longest_first
from podgen.engines.workers import available_cpus
from podgen.errors import EngineError
from podgen.text.language import primary

SETTINGS = ("model", "workers")
_MOST_WORKERS = 8
_BLOCK = 16
"""Among so many utterances for each worker, the longest is spoken first."""


class KokoroEngine:
    """Kokoro-82M int8 by onnxruntime.

    Settings: `model`, the path of the weights' file; `workers`, how many pieces to speak at once
    (one core and about 0.3 GB each; by default one for each core, at most 8).
    """

    name = "kokoro"

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self._settings = dict(settings or {})
        for setting in sorted(self._settings):
            if setting not in SETTINGS:
                raise EngineError(
                    f"kokoro has no setting `{setting}`", f"it has {' and '.join(SETTINGS)}"
                )
        workers = self._settings.get("workers")
        if workers is not None and (
            isinstance(workers, bool) or not isinstance(workers, int) or workers < 1
        ):
            raise EngineError(
                f"kokoro's setting `workers` cannot be `{workers}`", "give a whole number from 1"
            )
        self._workers = workers or min(available_cpus(), _MOST_WORKERS)
        self._model: Model | None = None
        self._reader: Reader | None = None

    def capabilities(self) -> Capabilities:
        """English, and with the optional package five more languages; blends and phonemes."""
        languages = ("en", *espeak.VOICES) if espeak.installed() else ("en",)
        return Capabilities(
            languages=languages, sample_rate=RATE, speed=(0.5, 2.0), blends=True, phonemes=True
        )

    def availability(self) -> Availability:
        """Whether the packages and the weights' files are there."""
        for module, package in (("onnxruntime", "onnxruntime"), ("hibari", "hibari-tts")):
            if util.find_spec(module) is None:
                return Availability(False, f"{package} is not installed: {weights.INSTALL}")
        try:
            found = weights.find(self._settings)
        except EngineError as error:
            return Availability(False, str(error))
        return Availability(True, f"on the CPU, {self._workers} workers, weights: {found.origin}")

    def voices(self) -> Sequence[VoiceInfo]:
        """The English voices, and the others' where espeak-ng is installed."""
        all_voices = tuple(voices.CATALOGUE.values())
        if espeak.installed():
            return all_voices
        return tuple(voice for voice in all_voices if primary(voice.language) == "en")

    def check(self, utterance: Utterance) -> Problems:
        """Refuses unknown voices, another language than the voice's, and unspeakable words."""
        problems = check_against(utterance, self.capabilities(), self.name)
        try:
            voice = voices.parse(utterance.voice)
        except voices.VoiceError as error:
            return [*problems, (error.what, error.remedy)]
        language = primary(voice.language)
        if language != "en" and not espeak.installed():
            problems.append((f"voice `{utterance.voice}` needs espeak-ng", espeak.INSTALL))
        if primary(utterance.language) != language:
            problems.append(
                (
                    f"voice `{utterance.voice}` speaks {voice.language}, not "
                    f"`{utterance.language}`",
                    _other_voices(primary(utterance.language)),
                )
            )
        elif language == "en":
            problems += english.problems(utterance, british=voice.british)
        else:
            problems += _foreign_problems(utterance, language)
        return problems

    def estimate(self, utterance: Utterance) -> float:
        """Seconds of speech, from the text's length."""
        return english.seconds(utterance.text, utterance.speed)

    def fingerprint(self) -> str:
        """The weights', voices' and G2P's versions, and those of the text and take rules."""
        parts = [
            f"kokoro-{weights.SHA256[:12]}", f"voices-{voices.digest()}",
            f"hibari-{metadata.version('hibari-tts')}", f"text-{english.RULES_VERSION}", "take-1",
        ]  # fmt: skip
        if espeak.installed():
            parts.append(f"espeak-{espeak.package_version()}")
        return " ".join(parts)

    def weights(self) -> str:
        """The beginning of the SHA-256 of the model's bytes."""
        return weights.find(self._settings).digest()[:12]

    def synthesize(self, utterances: Sequence[Utterance]) -> Iterator[Speech]:
        """Speaks those given first before the others, each as soon as its pieces are done.

        Raises:
            EngineError: at the end, naming the utterances that could not be spoken.
        """
        for utterance in utterances:
            refuse(self.name, utterance, self.check(utterance))
        if not utterances:
            return
        model, reader = self._load()
        failures = Failures()
        scores: list[tuple[Utterance, list[Piece]]] = []
        for utterance in utterances:
            with failures.kept():
                scores.append((utterance, reader.pieces(utterance)))
        scores = longest_first(scores, _phonemes, _BLOCK * self._workers)
        yield from self._perform(model, scores, failures)
        failures.tell()

    def _perform(
        self,
        model: Model,
        scores: Sequence[tuple[Utterance, Sequence[Piece]]],
        failures: Failures,
    ) -> Iterator[Speech]:
        job = model.job()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="kokoro")
        try:
            places: dict[Future[Samples], tuple[int, int]] = {}
            done: list[dict[int, Samples]] = [{} for _ in scores]
            for index, (utterance, pieces) in enumerate(scores):
                matrix = voices.matrix(voices.parse(utterance.voice))
                reading = take(utterance.seed)
                for number, piece in enumerate(pieces):
                    style = reading.style(matrix, len(piece.phonemes))
                    speed = utterance.speed * (1 + reading.tempo)
                    future = pool.submit(job.run, piece.phonemes, style, speed)
                    places[future] = (index, number)
            waiting = set(places)
            while waiting:
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    index, number = places.pop(future)
                    utterance, pieces = scores[index]
                    speech = None
                    with failures.kept():
                        done[index][number] = result(future, utterance)
                        if len(done[index]) == len(pieces):
                            parts = [done[index][n] for n in range(len(pieces))]
                            gaps = [piece.gap / utterance.speed for piece in pieces[:-1]]
                            done[index] = {}
                            sound = join(parts, gaps, RATE)
                            speech = finished(self.name, utterance, sound, RATE)
                    if speech is not None:
                        yield speech
        finally:
            job.stop()
            pool.shutdown(wait=True, cancel_futures=True)

    def speak_from(self, inbox: Inbox, most: int) -> Iterator[Delivery]:
        """See `podgen.engines.continuous`; a piece of one utterance is spoken between another's."""
        model, reader = self._load()

        def read(utterance: Utterance) -> list[Piece]:
            refuse(self.name, utterance, self.check(utterance))
            return reader.pieces(utterance)

        yield from Crew(model, read, self._workers, most).work(inbox)

    def close(self) -> None:
        """Forget the model and the G2P."""
        self._model = None
        self._reader = None

    def _load(self) -> tuple[Model, Reader]:
        if self._model is None or self._reader is None:
            available = self.availability()
            if not available.usable:
                raise EngineError(f"kokoro cannot speak here: {available.reason}")
            self._model = Model(weights.find(self._settings).read())
            self._reader = Reader()
        return self._model, self._reader


def _phonemes(score: tuple[Utterance, Sequence[Piece]]) -> int:
    return sum(len(piece.phonemes) for piece in score[1])


def _other_voices(language: str) -> str:
    names = [v.name for v in voices.CATALOGUE.values() if primary(v.language) == language]
    if not names:
        return "cast a voice of an engine that has the language"
    if language != "en" and not espeak.installed():
        return f"{espeak.INSTALL}, then cast {names[0]}"
    return f"cast {' or '.join(names[:3])}"


def _foreign_problems(utterance: Utterance, language: str) -> Problems:
    given = {word for word, _ in utterance.phonemes}
    problems = [
        (f"a voice of `{language}` cannot say `{word}`", "take it out, or respell it")
        for word in espeak.strange_words(utterance.text, language)
        if word not in given
    ]
    for word, spelling in utterance.phonemes:
        strange = "".join(c for c in espeak.letters(spelling) if c not in vocabulary())
        if strange:
            problems.append(
                (
                    f"the phonemes /{spelling.strip('/')}/ of `{word}` hold `{strange}`, which "
                    "kokoro has no sound for",
                    "write them with other sounds",
                )
            )
    return problems
