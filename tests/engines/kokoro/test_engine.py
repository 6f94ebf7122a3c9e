from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from podgen.engines.base import Samples, Utterance
from podgen.engines.kokoro import KokoroEngine, espeak
from podgen.engines.kokoro.voices import matrix, parse
from podgen.errors import EngineError

FOX = "The fox was here."
LONG = (
    "The committee met on Tuesday to consider the proposal, and after a long debate they agreed "
    "to postpone the vote until the spring. Nobody was surprised. The chair thanked all who had "
    "come so far, and promised that the next meeting would be shorter than this one."
)


def say(engine: KokoroEngine, text: str = FOX, voice: str = "af_heart", **more: object) -> Samples:
    (speech,) = engine.synthesize([Utterance("t", text, voice, **more)])  # type: ignore[arg-type]
    return speech.samples


@pytest.fixture(scope="module")
def fox(kokoro: KokoroEngine) -> Samples:
    return say(kokoro)


def test_the_same_samples_alone_among_others_and_with_other_workers(
    kokoro: KokoroEngine, fox: Samples
) -> None:
    pieces = Utterance("pieces", "The fox was here.\n\nThe dog was not.", "am_onyx")
    others = [Utterance("hi", "Hi.", "bf_emma"), Utterance("fox", FOX, "af_heart"), pieces]
    among = {speech.id: speech.samples for speech in kokoro.synthesize(others)}
    assert set(among) == {"pieces", "fox", "hi"}
    assert np.array_equal(among["fox"], fox)
    single = KokoroEngine({"workers": 1})
    (alone,) = single.synthesize([pieces])
    single.close()
    assert np.array_equal(alone.samples, among["pieces"])


def test_a_blend_is_the_mean_of_its_voices(kokoro: KokoroEngine, fox: Samples) -> None:
    mean = 0.5 * (matrix(parse("af_heart")) + matrix(parse("bm_george")))
    assert np.allclose(matrix(parse("af_heart:0.5+bm_george:0.5")), mean, atol=1e-6)
    assert np.allclose(matrix(parse("bm_george:3+af_heart:3")), mean, atol=1e-6)
    blend = say(kokoro, voice="af_heart:0.5+bm_george:0.5")
    assert not np.array_equal(blend, fox)
    assert not np.array_equal(blend, say(kokoro, voice="bm_george"))


def test_another_seed_is_another_take_and_the_same_seed_the_same(
    kokoro: KokoroEngine, fox: Samples
) -> None:
    takes = [say(kokoro, seed=seed) for seed in (1, 2, 1)]
    assert np.array_equal(takes[0], takes[2])
    assert not np.array_equal(takes[0][:9000], fox[:9000])
    assert not np.array_equal(takes[0][:9000], takes[1][:9000])
    for samples in takes:
        assert 0.7 < len(samples) / len(fox) < 1.4


def test_phonemes_change_the_sound(kokoro: KokoroEngine, fox: Samples) -> None:
    given = say(kokoro, phonemes=(("fox", "/ˈhɪpəˌpɑtəməs/"),))
    assert len(given) > len(fox) + 6000


def test_speed(kokoro: KokoroEngine, fox: Samples) -> None:
    assert len(say(kokoro, speed=0.5)) > 1.4 * len(fox)
    assert len(say(kokoro, speed=2.0)) < 0.8 * len(fox)


@pytest.mark.parametrize(
    ("voice", "language", "words"),
    [
        ("heart", "en", "af_heart"),
        ("af_heart", "es", "ef_dora"),
        ("ff_siwis", "en", "af_heart"),
        ("af_heart+ef_dora", "en", "one language"),
        ("af_heart:x+bm_george", "en", "a:0.5+b:0.5"),
        ("af_heart:-1+bm_george", "en", "a:0.5+b:0.5"),
    ],
)
def test_voices_and_languages_that_do_not_fit_get_a_remedy(
    kokoro: KokoroEngine, voice: str, language: str, words: str
) -> None:
    problems = kokoro.check(Utterance("t", "hola", voice, language))
    assert any(words in remedy for _, remedy in problems)


def test_28_english_voices_with_their_accents(kokoro: KokoroEngine) -> None:
    english = [voice for voice in kokoro.voices() if voice.language.startswith("en")]
    assert len(english) == 28
    assert {v.language for v in english if v.name[0] == "b"} == {"en-GB"}
    for voice in kokoro.voices():
        assert np.isfinite(matrix(parse(voice.name))).all()


@pytest.mark.skipif(not espeak.installed(), reason="the language extra is not installed")
@pytest.mark.parametrize(
    ("voice", "language", "text", "sounds"),
    [
        ("ef_dora", "es", "Hola, ¿qué tal?", "ˈola, kˈe tˈal?"),
        ("ff_siwis", "fr-FR", "Bonjour, ça va ?", "bɔ̃ʒˈuʁ, sa vˈa?"),
        ("hf_alpha", "hi", "नमस्ते।", "nəmˈʌsteː."),
        ("if_sara", "it", "Buongiorno a tutti!", "bʊonʤˈɔrno a tˈutːɪ!"),
        ("pf_dora", "pt-BR", "Tudo bem?", "tˈudʊ bˈAŋ?"),
    ],
)
def test_other_languages(
    kokoro: KokoroEngine, voice: str, language: str, text: str, sounds: str
) -> None:
    utterance = Utterance("t", text, voice, language)
    assert kokoro.check(utterance) == []
    primary = language.split("-")[0]
    assert espeak.Espeak().phonemes(text, primary, {}) == sounds
    assert 0.4 < len(say(kokoro, text, voice, language=language)) / 24_000 < 4


@pytest.mark.skipif(not espeak.installed(), reason="the language extra is not installed")
def test_other_scripts_are_refused_in_other_languages(kokoro: KokoroEngine) -> None:
    (problem,) = kokoro.check(Utterance("t", "Hola 你好 amigo", "ef_dora", "es"))
    assert "`你好`" in problem[0]


@pytest.mark.skipif(not espeak.installed(), reason="the language extra is not installed")
def test_given_phonemes_in_another_language() -> None:
    read = espeak.Espeak().phonemes("Hola, Xul.", "es", {"Xul": "/ʃul/"})
    assert read == "ˈola, ʃul."


def test_an_abandoned_or_interrupted_job_stops_at_once_and_the_next_one_runs(
    kokoro: KokoroEngine,
) -> None:
    job = kokoro.synthesize([Utterance(str(n), FOX * 5, "af_heart") for n in range(20)])
    next(job)
    start = time.monotonic()
    job.close()
    assert time.monotonic() - start < 1.0
    assert not [t for t in threading.enumerate() if t.name.startswith("kokoro")]
    assert len(say(kokoro, "Hi."))


def test_a_killed_process_leaves_nobody_behind() -> None:
    script = (
        "from podgen.engines.kokoro import KokoroEngine as E\n"
        "from podgen.engines.base import Utterance as U\n"
        "e = E(); list(e.synthesize([U('a', 'Hi.', 'af_heart')])); print('ready', flush=True)\n"
        f"list(e.synthesize([U(str(n), {LONG!r}, 'af_heart') for n in range(50)]))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    import psutil

    assert psutil.Process(child.pid).children(recursive=True) == []
    child.kill()
    assert child.wait(5) == -9
    child.stdout.close()


def test_a_failing_model_names_the_turn(kokoro: KokoroEngine) -> None:
    from podgen.engines.kokoro.model import Job

    class Broken(Job):
        def __init__(self) -> None:
            pass

        def run(self, *_: object) -> Samples:
            raise RuntimeError("Failed to allocate memory for requested buffer")

        def stop(self) -> None:
            pass

    class Model:
        def job(self) -> Job:
            return Broken()

    engine = KokoroEngine()
    say(kokoro, "Hi.")
    engine._model, engine._reader = Model(), kokoro._reader  # type: ignore[assignment]
    with pytest.raises(EngineError, match=r"turn t9: .*memory.*; set `workers` to 1"):
        list(engine.synthesize([Utterance("t9", "Hi.", "af_heart")]))


def test_a_blended_estimate_is_near_the_length(kokoro: KokoroEngine) -> None:
    utterance = Utterance("t", LONG, "af_heart:0.5+bm_george:0.5")
    (speech,) = kokoro.synthesize([utterance])
    assert kokoro.estimate(utterance) == pytest.approx(len(speech.samples) / 24_000, rel=0.25)


@pytest.mark.parametrize("settings", [{"threads": 1}, {"workers": 0}, {"workers": "two"}])
def test_wrong_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(EngineError, match="workers"):
        KokoroEngine(settings)


def test_importing_and_asking_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from podgen.engines.kokoro import KokoroEngine\n"
        "from podgen.engines.hibari import HibariEngine\n"
        "from podgen.engines.base import Utterance\n"
        "for e, v in ((KokoroEngine(), 'af_heart'), (HibariEngine(), 'heart')):\n"
        "    e.voices(), e.availability(), e.fingerprint(), e.check(Utterance('a', 'Hi.', v))\n"
        "print(*sorted({'onnxruntime', 'hibari', 'scipy', 'espeakng_loader'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b""
