"""The shapes of a script and a voices file: the border between what users write and our values."""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from podgen.show import kinds as kind
from podgen.show import references as ref
from podgen.show.failing import Says, listed, shown, wrong

Preset = Literal["apple", "apple-mono", "spotify", "ebu", "aes", "acx"]
Deliverable = Literal["mp3", "wav", "flac", "m4a", "opus"]
EqType = Literal["peak", "lowshelf", "highshelf"]


class Form(BaseModel):
    """A mapping whose keys are all known. A key without a value counts as not written."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def said(description: str, alias: str | None = None) -> Any:
    """An optional field; `alias` is its key where that is a word of Python's."""
    return Field(default=None, description=description, alias=alias)


SPOKEN_ONLY = (
    *("voice", "seed", "speed", "pronunciation", "ref_audio", "ref_text", "instructions"),
    *("split", "settings"),
)
"""Keys of a turn that only an engine can follow."""


class TurnForm(Form):
    """What a character says, and how."""

    text: kind.Said = Field(description="What is said. Markdown marks are not read aloud.")
    id: kind.Id | None = said("A name for the turn; else one is made from speaker and words.")
    voice: ref.VoiceName | None = said("Another voice of the engine than the character's.")
    seed: kind.Seed | None = said("Fixes whatever is random in the reading.")
    speed: kind.Speed | None = said("Rate of speech; 1 is the voice's own.")
    gain: kind.Gain | None = said("dB added to the character's level.")
    pan: kind.Pan | None = said("From -1 (left) to 1 (right).")
    pause_before: kind.Seconds | None = said("Seconds of silence before the turn.")
    pause_after: kind.Seconds | None = said("Seconds of silence after the turn.")
    overlap: kind.Seconds | None = said("Seconds before the previous turn's end to start at.")
    pronunciation: ref.Words | None = said("Word: respelling, /IPA/ or both, in this turn alone.")
    ref_audio: ref.File | None = said("A recording of the voice to clone.")
    ref_text: kind.Text | None = said("What is said in ref_audio.")
    instructions: kind.Text | None = said("How to say it, for engines that take directions.")
    split: kind.Split | None = said("Whether a long turn may be split: never, auto, characters.")
    settings: kind.Settings | None = said("Further settings of the engine.")
    audio: ref.File | None = said("A person's recording, heard in place of an engine.")
    start: kind.Length | None = said("With audio: where in the file to begin, in seconds.", "in")
    end: kind.Length | None = said("With audio: where in the file to end, in seconds.", "out")
    trim: kind.YesNo | None = said("With audio: whether silence at its edges goes; it does.")

    @model_validator(mode="after")
    def _recorded(self) -> TurnForm:
        if self.audio is None:
            for name, value in (("in", self.start), ("out", self.end), ("trim", self.trim)):
                if value is not None:
                    raise wrong(f"{name} without audio", "add audio: FILE, or remove it", (name,))
            return self
        for name in SPOKEN_ONLY:
            if getattr(self, name) is not None:
                what = f"{name} means nothing to a recording, which no engine speaks"
                raise wrong(what, "remove it, or audio", (name,))
        if self.end is not None and self.end <= (self.start or 0.0):
            raise wrong("the recording ends before it begins", "give out after in", ("out",))
        return self


class ChapterForm(Form):
    """A chapter that begins here."""

    title: kind.Text = Field(description="The chapter's title.")
    url: kind.Url | None = said("A page to link to.")
    image: ref.Image | None = said("A picture, .jpg or .png.")


class DuckForm(Form):
    """How music goes down under speech."""

    by: kind.Cut | None = said("dB to go down by.")
    attack: kind.Seconds | None = said("Seconds to go down in.")
    release: kind.Seconds | None = said("Seconds to come back in.")


def _read_duck(value: object) -> object:
    if isinstance(value, str):
        word = value.lower()
        return {"false": {"by": "0"}, "true": {}}.get(word, {"by": value})
    return value


DUCK_SCHEMA = {
    "anyOf": [
        {"type": "boolean"},
        {"type": "number", "minimum": 0, "maximum": 60},
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "by": {"type": "number", "minimum": 0, "maximum": 60},
                "attack": {"type": "number", "minimum": 0, "maximum": 600},
                "release": {"type": "number", "minimum": 0, "maximum": 600},
            },
        },
    ],
}


def _read_pairs(value: object) -> object:
    if isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        return value
    raise wrong(f"{{}} cannot be {shown(value)}", "give pairs: [[seconds, dB], ...]")


def _read_pair(value: object) -> object:
    if isinstance(value, list) and len(value) in (1, 2):
        return [*value, None][:2]
    raise wrong(f"{{}} cannot be {shown(value)}", "give [from, to] in seconds")


class MusicForm(Form):
    """Music that begins here."""

    file: ref.File = Field(description="The audio file.")
    role: Annotated[Literal["intro", "bed", "outro"], Says("intro, bed or outro")] | None = said(
        "intro, bed (the default) or outro."
    )
    volume: kind.Gain | None = said("dB relative to the speech; -2, under speech (bed) -12.")
    fade_in: kind.Seconds | None = said("Seconds.")
    fade_out: kind.Seconds | None = said("Seconds.")
    envelope: (
        Annotated[list[tuple[kind.Length, kind.Gain]], BeforeValidator(_read_pairs)] | None
    ) = said("[[seconds from the music's start, dB added to the volume], ...]")
    duck: Annotated[DuckForm, BeforeValidator(_read_duck), WithJsonSchema(DUCK_SCHEMA)] | None = (
        said("dB to go down under speech, or by, attack and release, or false.")
    )
    under: kind.Under | None = said("LU to lie under each turn, instead of a depth of ducking.")
    loop: kind.YesNo | None = said("Whether it begins again at its end; a bed does.")
    trim: (
        Annotated[
            tuple[kind.Length, kind.Length | None],
            BeforeValidator(_read_pair),
            WithJsonSchema(
                {
                    "type": "array",
                    "items": {"type": "number", "minimum": 0},
                    "minItems": 1,
                    "maxItems": 2,
                }
            ),
        ]
        | None
    ) = said("[from, to] in seconds: the part of the file to use.")
    start: kind.When | None = said("Seconds from this place, or a turn: 'id', 'id.end + 1'.")
    end: kind.When | None = said("Seconds from the music's start, or a turn: 'id', 'id.end + 1'.")
    lead: kind.Seconds | None = said("Seconds it plays before the next turn starts.")

    @model_validator(mode="after")
    def _times(self) -> MusicForm:
        times = [seconds for seconds, _ in self.envelope or ()]
        for index, (a, b) in enumerate(itertools.pairwise(times)):
            if b <= a:
                at = ("envelope", index + 1)
                raise wrong(f"{b:g} s does not come after {a:g} s", "put the times in order", at)
        if self.trim and self.trim[1] is not None and self.trim[1] <= self.trim[0]:
            raise wrong("trim ends before it begins", "give [from, to]", ("trim",))
        if isinstance(self.end, float) and self.end <= 0:
            remedy = "give seconds from the music's start"
            raise wrong("the music ends before it begins", remedy, ("end",))
        return self

    @model_validator(mode="after")
    def _levels(self) -> MusicForm:
        if self.under is None:
            return self
        if self.duck is not None and self.duck.by is not None:
            what = "under and the depth of duck contradict each other"
            raise wrong(what, "keep one of the two", ("under",))
        if self.volume is not None and self.volume < -self.under:
            what = f"under {self.under:g} is louder than the volume of {self.volume:g} dB"
            remedy = f"give under {-self.volume:g} or more, or a higher volume"
            raise wrong(what, remedy, ("under",))
        return self


class SoundForm(Form):
    """An effect that is heard here."""

    file: ref.File = Field(description="The audio file.")
    volume: kind.Gain | None = said("dB relative to the speech; -6.")
    pan: kind.Pan | None = said("From -1 (left) to 1 (right).")
    at: kind.Shift | None = said("Seconds from this place; may be negative.")
    wait: kind.YesNo | None = said("Whether the next turn waits for its end.")


class BandForm(Form):
    """A band of the equaliser."""

    freq: kind.Frequency = Field(description="Centre, or a shelf's corner, in Hz.")
    gain: kind.BandGain = Field(description="dB.")
    q: kind.Quality | None = said("Quality factor; 1.")
    type: Annotated[EqType, Says("peak, lowshelf or highshelf")] | None = said("Shape; peak.")


class VoiceForm(Form):
    """A voice on an engine: a name, a blend, or a recording to clone; and how to treat it."""

    voice: ref.VoiceName | None = said("The voice's name.")
    blend: ref.Blend | None = said("Voices and their weights, mixed into one voice.")
    gain: kind.Gain | None = said("dB, after levelling.")
    pan: kind.Pan | None = said("From -1 (left) to 1 (right).")
    highpass: kind.Highpass | None = said("Cut below this many Hz.")
    eq: list[BandForm] | None = said("Bands of an equaliser.")
    speed: kind.Speed | None = said("Rate of speech; 1 is the voice's own.")
    language: kind.Language | None = said("Language, as in en-GB; else the show's.")
    lexicon: ref.WordsOrFile | None = said(
        "Word: respelling, /IPA/ or both; or a YAML file of them."
    )
    ref_audio: ref.File | None = said("A recording of the voice to clone.")
    ref_text: kind.Text | None = said("What is said in ref_audio.")
    instructions: kind.Text | None = said("How to speak, for engines that take directions.")
    consent: kind.Text | None = said("By what right the voice is cloned.")
    settings: kind.Settings | None = said("Further settings of the engine.")

    @model_validator(mode="after")
    def _one_voice(self) -> VoiceForm:
        if self.voice is not None and self.blend is not None:
            raise wrong("both voice and blend are given", "keep one of the two", ("blend",))
        return self


def _read_voice(value: object) -> object:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"voice": value}
    raise wrong(f"{{}} cannot be {shown(value)}", "give a voice's name")


EngineVoice = Annotated[
    VoiceForm,
    BeforeValidator(_read_voice),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/VoiceForm"}]}),
]


class CharacterForm(VoiceForm):
    """A character: `engine` and `voice`, or one voice for each engine."""

    aliases: list[kind.Text] | None = said("Other names in the script.")
    engine: kind.Text | None = said("The engine that always speaks this character.")
    voices: dict[str, EngineVoice] | None = said("Engine: its voice for this character.")

    @model_validator(mode="after")
    def _one_way(self) -> CharacterForm:
        one = "voice" if self.voice is not None else "blend" if self.blend is not None else None
        if one and self.voices:
            raise wrong(f"both {one} and voices are given", "keep one of the two", (one,))
        if one and self.engine is None:
            remedy = "add engine: NAME, or write voices: {ENGINE: VOICE}"
            raise wrong(f"{one} without an engine", remedy, (one,))
        return self


class DefaultsForm(Form):
    """What holds where neither turn nor character says otherwise."""

    pause: kind.Seconds | None = said("Seconds between two turns; 0.35.")
    speed: kind.Speed | None = said("Rate of speech.")
    seed: kind.Seed | None = said("Fixes whatever is random.")
    gain: kind.Gain | None = said("dB, after levelling.")
    pan: kind.Pan | None = said("From -1 (left) to 1 (right).")
    split: kind.Split | None = said("Whether a long turn may be split: never, auto, characters.")


class MasteringForm(Form):
    """The preset and what differs from it."""

    preset: Annotated[Preset, Says(listed(get_args(Preset)))] | None = said(
        "A platform's figures; apple."
    )
    loudness: kind.Loudness | None = said("Integrated loudness, LUFS.")
    tolerance: kind.Tolerance | None = said("LU that the loudness may be off.")
    true_peak: kind.Peak | None = said("Highest true peak, dBTP.")
    sample_rate: kind.SampleRate | None = said("44100 or 48000.")
    channels: kind.Channels | None = said("1 or 2.")
    bitrate: kind.Bitrate | None = said("kb/s, for all formats or by format.")
    head: kind.Seconds | None = said("Seconds of silence at the start.")
    tail: kind.Seconds | None = said("Seconds of silence at the end.")
    noise_floor: kind.Floor | None = said("Highest noise floor, dBFS RMS.")
    longest: kind.Longest | None = said("Seconds that the episode may last.")


def _read_preset(value: object) -> object:
    return {"preset": value} if isinstance(value, str) else value


_MASTERING_SCHEMA = {"anyOf": [{"enum": list(get_args(Preset))}, {"$ref": "#/$defs/MasteringForm"}]}


class ScriptForm(Form):
    """A podcast episode's script."""

    title: kind.Text | None = said("The episode's title; else the file's name.")
    show: kind.Text | None = said("The show's name.")
    number: kind.Number | None = said("The episode's number.")
    description: kind.Description | None = said("What the episode is about.")
    author: kind.Text | None = said("Who made it.")
    date: kind.Date | None = said("The day it comes out, as in 2026-11-28.")
    language: kind.Language | None = said("The language spoken, as in en or pt-BR; en.")
    cover: ref.Image | None = said("The cover, .jpg or .png.")
    voices: ref.File | None = said("The voices file; else voices.yaml beside the script or above.")
    cast: dict[str, Any] | None = said("Characters, over those of the voices file.")
    lexicon: ref.WordsOrFile | None = said(
        "Word: respelling, /IPA/ or both; or a YAML file of them."
    )
    defaults: DefaultsForm | None = said("What holds where nothing else is said.")
    mastering: (
        Annotated[MasteringForm, BeforeValidator(_read_preset), WithJsonSchema(_MASTERING_SCHEMA)]
        | None
    ) = said("A preset's name, or preset and what differs from it.")
    deliverables: (
        Annotated[
            list[Annotated[Deliverable, Says(listed(get_args(Deliverable)))]],
            Field(min_length=1),
        ]
        | None
    ) = said("The files to make; mp3.")
    stems: kind.YesNo | None = said("Whether to write a track per speaker and of the music.")
    karaoke: kind.YesNo | None = said("Whether to write a transcript with the time of each word.")
    room_tone: ref.RoomTone | None = said("Faint noise in the gaps: true, false or a recording.")
    engines: dict[str, kind.Settings] | None = said("Engine: its settings.")
    turns: list[Any] = Field(description="What is heard, in order.")


class VoicesForm(Form):
    """A cast for several shows."""

    engines: dict[str, kind.Settings] | None = said("Engine: its settings.")
    characters: dict[str, Any] | None = said("Name: its voice or voices.")
