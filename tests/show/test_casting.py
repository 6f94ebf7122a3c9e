from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.casting import Casting, cast, read_voices
from podgen.errors import EngineError, Place, ScriptError
from podgen.show import load_show
from podgen.show.model import Band
from podgen.show.voice_name import VoiceNameError, blend_name, voice_name

VOICES = """\
engines: {kokoro: {threads: 2, gap: 0.1}}
characters:
  CIPHERFOX:
    aliases: [FOX]
    voices: {kokoro: af_heart, hibari: heart, voxtral: {voice: casual_female, gain: 1}}
    gain: -1
    pan: -0.15
    highpass: 80
    eq: [{freq: 3000, gain: -2}, {freq: 9000, gain: 1.5, type: highshelf}]
    speed: 1.05
    lexicon: {podgen: pod jen}
    settings: {a: 1, b: 2}
  MOTH: {engine: kokoro, voice: am_onyx}
  CHOIR: {voices: {kokoro: {blend: {bm_george: 1, af_heart: 3}}, hibari: heart}}
  OWL: {voices: {hibari: heart}}
  CLONE: {voices: {voxtral: {ref_audio: m.wav, ref_text: Hello., consent: My own voice.}}}
"""
ENGINES = ("voxtral", "kokoro", "hibari")


def cast_of(
    turns: str, *, head: str = "", voices: str | None = VOICES, engine=None, usable=ENGINES
) -> Casting:
    if voices is not None:
        Path("voices.yaml").write_text(voices)
    Path("s.yaml").write_text(f"{head}turns: [{turns}]\n")
    return cast(load_show("s.yaml"), engine=engine, usable=usable, known=ENGINES)


def test_a_part_holds_what_character_and_voice_say(folder: Path) -> None:
    casting = cast_of("{FOX: hi}", engine="voxtral")
    part = casting.parts["FOX"]
    assert (part.character, part.engine, part.voice) == ("CIPHERFOX", "voxtral", "casual_female")
    assert (part.gain, part.pan, part.highpass, part.speed) == (1.0, -0.15, 80.0, 1.05)
    assert part.eq == (Band(3000.0, -2.0, 1.0), Band(9000.0, 1.5, 1.0, "highshelf"))
    assert part.lexicon.entries == {"podgen": "pod jen"}
    assert part.settings == {"a": 1, "b": 2}
    assert part.language == "en"
    assert part.place == Place("voices.yaml", 5, 47)


def test_the_shows_cast_and_defaults(folder: Path) -> None:
    head = (
        "language: fr\ndefaults: {speed: 0.9, gain: 2, pan: 0.5}\n"
        "cast:\n  CIPHERFOX: {gain: 3, lexicon: {moth: mott}, settings: {b: 3},"
        " voices: {kokoro: {voice: bf_emma, speed: 1.2}}}\n  NEW: {voices: {kokoro: x}}\n"
    )
    casting = cast_of("{CIPHERFOX: hi}, {NEW: ho}", head=head, engine="kokoro")
    fox, new = casting.parts["CIPHERFOX"], casting.parts["NEW"]
    assert (fox.voice, fox.gain, fox.speed, fox.pan) == ("bf_emma", 3.0, 1.2, -0.15)
    assert fox.lexicon.entries == {"podgen": "pod jen", "moth": "mott"}
    assert fox.settings == {"a": 1, "b": 3}
    assert (new.gain, new.speed, new.pan, new.language) == (2.0, 0.9, 0.5, "fr")


def test_the_show_may_fix_or_free_an_engine(folder: Path) -> None:
    head = "cast: {CIPHERFOX: {engine: hibari}, MOTH: {voices: {voxtral: neutral_male}}}\n"
    casting = cast_of("{CIPHERFOX: hi}, {MOTH: ho}", head=head, engine="voxtral")
    assert casting.parts["CIPHERFOX"].engine == "hibari"
    assert casting.parts["CIPHERFOX"].voice == "heart"
    assert casting.parts["MOTH"].voice == "neutral_male"
    assert casting.parts["MOTH"].engine == "voxtral"


def test_the_best_usable_engine_with_all_the_voices_is_chosen(folder: Path) -> None:
    casting = cast_of("{CIPHERFOX: hi}, {CHOIR: ho}, {MOTH: so}")
    assert casting.engine == "kokoro"
    assert casting.reason == (
        "kokoro is the best engine this machine can run that has a voice for every speaking "
        "character (voxtral has none for CHOIR)."
    )
    assert casting.parts["CHOIR"].voice == "af_heart:0.75+bm_george:0.25"
    casting = cast_of("{CIPHERFOX: hi}", usable=("kokoro", "hibari"))
    assert casting.reason == "kokoro is the best engine this machine can run."
    casting = cast_of("{CIPHERFOX: hi}", engine="hibari")
    assert (casting.engine, casting.reason) == ("hibari", "hibari was asked for.")


def test_a_mixed_cast_keeps_the_engines_it_names(folder: Path) -> None:
    casting = cast_of("{MOTH: hi}, {OWL: ho}", engine="hibari")
    assert [part.engine for part in casting.parts.values()] == ["kokoro", "hibari"]
    casting = cast_of("{MOTH: hi}", usable=())
    assert casting.engine == "kokoro"
    assert casting.reason == "every speaking character names its engine: kokoro."


def test_a_voices_file_holds_engine_settings(folder: Path) -> None:
    Path("voices.yaml").write_text(VOICES)
    voices, problems = read_voices(Path("voices.yaml"))
    assert problems == []
    assert voices.engine_settings == {"kokoro": {"threads": 2, "gap": 0.1}}


def test_a_cloned_voice_needs_no_name(folder: Path) -> None:
    casting = cast_of("{CLONE: hi}", engine="voxtral")
    part = casting.parts["CLONE"]
    assert (part.voice, part.ref_text, part.consent) == ("", "Hello.", "My own voice.")
    assert part.ref_audio == Path("m.wav")
    assert set(casting.files) == {Path("voices.yaml"), Path("m.wav")}


def test_no_usable_engine(folder: Path) -> None:
    with pytest.raises(EngineError, match="no engine can speak on this machine"):
        cast_of("{OWL: hi}", usable=())


@pytest.mark.parametrize(
    ("turns", "voices", "engine", "lines"),
    [
        (
            "{CIPHRFOX: hi}, {OWL: ho}",
            VOICES,
            "kokoro",
            [
                "s.yaml:1:10: unknown character 'CIPHRFOX'; did you mean 'CIPHERFOX'?",
                "voices.yaml:15:3: no voice for kokoro under OWL; add voices: {kokoro: VOICE}",
            ],
        ),
        (
            "{OWL: hi}, {CHOIR: ho}, {CLONE: so}",
            VOICES,
            None,
            ["voices.yaml:16:3: no voice for hibari under CLONE; add voices: {hibari: VOICE}"],
        ),
        ("{OWL: hi}", VOICES, "kokro", ["unknown engine 'kokro'; did you mean 'kokoro'?"]),
        (
            "{A: hi}, {B: ho}",
            "engines: {voxtrel: {}}\ncharacters:\n  A: {voices: {kokro: x}}\n"
            "  B: {engine: hibary, voice: y, aliases: [A]}\n"
            "  C: {aliases: [Z], voices: {kokoro: }}\n"
            "  D: {aliases: [Z], eq: 5}\n",
            None,
            [
                "voices.yaml:1:11: unknown engine 'voxtrel'; did you mean 'voxtral'?",
                "voices.yaml:3:16: unknown engine 'kokro'; did you mean 'kokoro'?",
                "voices.yaml:4:3: alias 'A' of B is itself a character; give another alias",
                "voices.yaml:4:15: unknown engine 'hibary'; did you mean 'hibari'?",
                "voices.yaml:5:38: kokoro cannot be empty; give a voice's name",
                "voices.yaml:6:3: alias 'Z' of D is already C's; give another alias",
                "voices.yaml:6:25: eq cannot be '5'; give a list",
            ],
        ),
        (
            "{A: hi}, {B: ho}",
            "characters:\n  A: {voices: {kokoro: {gain: 1}}}\n  B: {gain: 1}\n",
            "kokoro",
            [
                "voices.yaml:2:16: no voice for kokoro under A; name one, or a blend",
                "voices.yaml:3:3: no voice for kokoro under B; add voices: {kokoro: VOICE}",
            ],
        ),
        (
            "{A: hi}",
            "charakters:\n  A: x\n",
            None,
            [
                "voices.yaml:1:1: unknown key 'charakters'; did you mean 'characters'?",
            ],
        ),
        (
            "{A: hi}",
            "- A\n",
            None,
            [
                "voices.yaml:1:1: a voices file cannot be a list; write 'characters:'",
            ],
        ),
        ("{A: hi}", None, None, ["s.yaml:1:10: unknown character 'A'; add it under cast:"]),
    ],
)
def test_wrong_casts_are_answered_with_these_lines(
    folder: Path, turns: str, voices: str | None, engine: str | None, lines: list[str]
) -> None:
    with pytest.raises(ScriptError) as caught:
        cast_of(turns, voices=voices, engine=engine)
    assert str(caught.value).splitlines() == lines


def test_characters_that_do_not_speak_need_no_voice(folder: Path) -> None:
    assert cast_of("{MOTH: hi}", engine="kokoro").parts.keys() == {"MOTH"}


NAMES = st.dictionaries(
    st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True), st.floats(0.01, 100), min_size=1, max_size=5
)


@settings(deadline=None)
@given(weights=NAMES, factor=st.sampled_from([0.5, 2.0, 8.0]))
def test_a_blend_has_one_name_however_it_is_written(
    weights: dict[str, float], factor: float
) -> None:
    name = blend_name(weights)
    reversed_and_scaled = {n: w * factor for n, w in reversed(weights.items())}
    assert blend_name(reversed_and_scaled) == name
    assert voice_name("+".join(f"{n}:{w}" for n, w in weights.items())) == name


@pytest.mark.parametrize(
    "text", ["", "a b", "a:0+b:1", "a:-1+b:1", "a:x+b", "a:nan+b", "a:inf+b", "a+a", "+b", "a:1+"]
)
def test_names_that_are_no_voice(text: str) -> None:
    with pytest.raises(VoiceNameError):
        voice_name(text)


def test_equal_weights_may_be_left_out() -> None:
    assert voice_name("b + a") == "a:0.5+b:0.5"
    assert voice_name("a:3") == "a"
