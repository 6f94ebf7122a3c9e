"""Whether a Voxtral checkpoint speaks: a sentence in each preset, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from podgen.engines.base import Samples, Speech, Utterance, VoiceInfo
from podgen.engines.voxtral import VoxtralEngine
from podgen.engines.voxtral.text.pace import FRAME_RATE
from podgen.engines.voxtral.voices import ALIASES
from podgen.errors import EngineError

SENTENCES: Mapping[str, str] = {
    "en": "The lamps along the harbour were lit one after another, and nobody said a word.",
    "fr": "Les lampes du port s'allumaient l'une après l'autre, et personne ne disait un mot.",
    "es": "Las luces del puerto se encendían una tras otra, y nadie decía una sola palabra.",
    "de": "Am Hafen ging eine Lampe nach der anderen an, und niemand sagte ein einziges Wort.",
    "it": "Le luci del porto si accendevano una dopo l'altra, e nessuno diceva una parola.",
    "pt": "As luzes do porto acendiam-se uma depois da outra, e ninguém dizia uma palavra.",
    "nl": "In de haven ging de ene lamp na de andere aan, en niemand zei een enkel woord.",
    "ar": "أضاءت مصابيح الميناء واحدا بعد الآخر، ولم يقل أحد كلمة واحدة.",
    "hi": "बंदरगाह के दीये एक के बाद एक जलते गए, और किसी ने एक शब्द भी नहीं कहा।",
}
"""One sentence for each language, about five seconds."""
PACE = (7.0, 25.0)
"""Characters a second of plausible speech; the model's published paces are 12 to 18."""
LOUDNESS = (-45.0, -6.0)
"""LUFS of plausible speech before levelling."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a preset made of its sentence.

    Attributes:
        ends: whether the reading ended by itself, neither too soon nor too late.
        pace: characters a second.
        loudness: LUFS, integrated; None of silence.
        words: what the ear made of them, None where nothing hears.
        faults: what is wrong, in words; empty where nothing is.
    """

    voice: str
    language: str
    ends: bool
    seconds: float | None = None
    pace: float | None = None
    loudness: float | None = None
    words: str | None = None
    faults: tuple[str, ...] = ()


def prove_model(settings: Mapping[str, object]) -> Iterator[Row]:
    """Have every preset of a checkpoint speak, each once, and judge it.

    Args:
        settings: the engine's; `model` is the folder.

    Raises:
        EngineError: the folder is no checkpoint.
        MachineError: a package, the device or its memory is lacking.
    """
    engine = VoxtralEngine({**settings, "retries": 0})
    voices = [voice for voice in engine.voices() if voice.name not in ALIASES]
    asked = [
        Utterance(
            id=voice.name,
            text=SENTENCES[voice.language],
            voice=voice.name,
            language=voice.language,
            seed=1,
            settings={"max_tokens": round(len(SENTENCES[voice.language]) / PACE[0] * FRAME_RATE)},
        )
        for voice in voices
    ]
    spoken: dict[str, Speech] = {}
    failed: dict[str | None, str] = {}
    try:
        for speech in engine.synthesize(asked):
            spoken[speech.id] = speech
    except EngineError as error:
        failed = {problem.turn: problem.what for problem in error.problems}
        if None in failed:
            raise
    finally:
        engine.close()
    hear = _hearing()
    for voice, utterance in zip(voices, asked, strict=True):
        if voice.name in spoken:
            yield _judged(voice, utterance.text, spoken[voice.name], hear)
        else:
            wrong = failed.get(voice.name, "it made nothing")
            yield Row(voice.name, voice.language, ends=False, faults=(wrong,))


def _judged(voice: VoiceInfo, text: str, speech: Speech, hear: _Hear | None) -> Row:
    from podgen.audio.loudness import integrated

    seconds = len(speech.samples) / speech.sample_rate
    pace = len(text) / seconds
    loudness = integrated(speech.samples, speech.sample_rate)
    faults = []
    if not PACE[0] <= pace <= PACE[1]:
        faults.append(f"{pace:.1f} characters a second")
    if loudness is None or not LOUDNESS[0] <= loudness <= LOUDNESS[1]:
        faults.append("silence" if loudness is None else f"{loudness:.1f} LUFS")
    words = None
    if hear is not None:
        words, wrong = hear(speech.samples, speech.sample_rate, text, voice.language)
        faults += wrong
    return Row(
        voice.name, voice.language, True, seconds, pace, loudness, words, tuple(faults)
    )  # fmt: skip


class _Hear:
    """An ear with what it says of a sound: a word, and what is wrong."""

    def __init__(self) -> None:
        from podgen.proof import Ear

        self._ear = Ear()

    def __call__(
        self, samples: Samples, rate: int, text: str, language: str
    ) -> tuple[str, list[str]]:
        from podgen.proof import Said, judge

        said = Said(text, language)
        verdict = judge(self._ear.listen(samples, rate, said), said)
        wrong = [finding.what for finding in verdict.findings if finding.grade == "bad"]
        return verdict.grade, wrong or (["words are wrong"] if verdict.grade == "bad" else [])


def _hearing() -> _Hear | None:
    from podgen.proof import installed

    return _Hear() if installed() else None
