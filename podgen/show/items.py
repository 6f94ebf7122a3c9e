"""The items of a show: one-key mappings read as turns, pauses, chapters, music and sounds."""

from __future__ import annotations

from typing import TypeVar

from podgen.errors import Problem
from podgen.show import kinds as kind
from podgen.show.characters import settings_at
from podgen.show.failing import shown
from podgen.show.forms import ChapterForm, DuckForm, Form, MusicForm, SoundForm, TurnForm
from podgen.show.ids import derived_id, normal_id, unlike
from podgen.show.model import Chapter, Duck, Item, Music, Pause, Recording, Sound, Turn
from podgen.show.problems import fill
from podgen.show.references import Context
from podgen.show.source import Source, Step
from podgen.text.lexicon import Lexicon
from podgen.text.markdown import plain
from podgen.text.silence import has_words

Placed = tuple[tuple[Step, ...], Item]
F = TypeVar("F", bound=Form)
UNWRITTEN = "text is missing"
"""What is wrong with a recording whose words nobody has written."""
_VOLUMES = {"intro": -2.0, "bed": -12.0, "outro": -2.0}
_DUCKS = {"intro": 14.0, "bed": 10.0, "outro": 14.0}


class PauseForm(Form):
    """A pause, as its one value."""

    pause: kind.Seconds


class Items:
    """Reads the list of `turns`; problems go to the context."""

    def __init__(self, source: Source, context: Context) -> None:
        self.source = source
        self.context = context
        self.given: dict[str, tuple[str, tuple[Step, ...]]] = {}
        self.taken: set[str] = set()

    def read(self, entries: list[object]) -> list[Placed]:
        """Every item that can be read, in order, with its path in the file.

        Given ids are taken before any is made, so that a made one moves no given one.
        """
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and len(entry) == 1:
                [(name, value)] = entry.items()
                written = value.get("id") if isinstance(value, dict) else None
                given = normal_id(written) if isinstance(written, str) else None
                if given is not None and name not in kind.RESERVED:
                    self.given.setdefault(given.casefold(), (given, ("turns", index, name)))
        self.taken.update(self.given)
        items: list[Placed] = []
        for index, entry in enumerate(entries):
            path = ("turns", index)
            name = self._name(entry, path)
            if name is not None and isinstance(entry, dict):
                at = (*path, name)
                item = self._item(name, entry[name], at)
                if item is not None:
                    items.append((at, item))
        return items

    def given_ids(self) -> set[str]:
        """The ids that are written in the file, also of turns that could not be read."""
        return {given for given, _ in self.given.values()}

    def _name(self, entry: object, path: tuple[Step, ...]) -> str | None:
        """The one key of an item."""
        if not isinstance(entry, dict) or not entry:
            what = f"an item cannot be {shown(entry)}"
            self._problem(what, "write '- NAME: text', with a space after the colon", path)
            return None
        name, *others = entry
        if others:
            what = f"an item has one key, but '{others[0]}' stands beside '{name}'"
            remedy = f"indent the options under {name}"
            if others[0] in kind.RESERVED or others[0].isupper():
                remedy = f"begin '{others[0]}' with '- ', or indent it under {name}"
            self._problem(what, remedy, (*path, others[0]), key=True)
            return None
        if not name.strip():
            what = "no name before the colon"
            self._problem(what, "write '- NAME: text'", (*path, name), key=True)
            return None
        return str(name)

    def _item(self, name: str, value: object, at: tuple[Step, ...]) -> Item | None:
        if name == "pause":
            return self._pause(value, at)
        if name == "chapter":
            return self._chapter(value, at)
        if name == "music":
            return self._music(value, at)
        if name == "sound":
            return self._sound(value, at)
        return self._turn(name, value, at)

    def _turn(self, name: str, value: object, at: tuple[Step, ...]) -> Turn | None:
        place = self.source.place(at, key=True)
        name = " ".join(name.split())
        if isinstance(value, list):
            self._problem(f"what {name} says cannot be a list", "put the text in quotes", at)
            return None
        if not isinstance(value, dict):
            text = (value or "").strip() if isinstance(value, str) else ""
            self._check_text(text, at)
            return Turn(self._id(None, name, text, at), name, text, place)
        unwritten = "audio" in value and not value.get("text")
        if unwritten:
            remedy = (
                "write what is said, or let 'podgen proof --fill' write what podgen[proof] hears"
            )
            self._problem(UNWRITTEN, remedy, at, key=True)
            value = {**value, "text": ""}
        form = fill(TurnForm, value, self.source, at, self.context)
        if form is None:
            return None
        if not unwritten:
            self._check_text(form.text, (*at, "text"))
        if form.overlap is not None and form.pause_before is not None:
            what = "overlap and pause_before contradict each other"
            self._problem(what, "keep one of the two", (*at, "overlap"), key=True)
        return Turn(
            id=self._id(form.id, name, form.text, at),
            speaker=name,
            text=form.text,
            place=place,
            voice=form.voice,
            seed=form.seed,
            speed=form.speed,
            gain=form.gain,
            pan=form.pan,
            pause_before=form.pause_before,
            pause_after=form.pause_after,
            overlap=form.overlap,
            pronunciation=form.pronunciation or Lexicon(),
            ref_audio=form.ref_audio,
            ref_text=form.ref_text,
            instructions=form.instructions,
            split=form.split,
            settings=settings_at(self.source, (*at, "settings")) if form.settings else {},
            recording=None
            if form.audio is None
            else Recording(form.audio, form.start or 0.0, form.end, form.trim is not False),
        )

    def _check_text(self, text: str, at: tuple[Step, ...]) -> None:
        if text[:1].isalnum():
            return
        said = plain(text)
        if not has_words(said):
            what = f"{shown(text)} leaves nothing to say" if text else "the text is empty"
            self._problem(what, "write what is said, or use '- pause: seconds'", at)

    def _pause(self, value: object, at: tuple[Step, ...]) -> Pause | None:
        form = fill(PauseForm, {"pause": value}, self.source, at[:-1], self.context)
        return None if form is None else Pause(form.pause, self.source.place(at, key=True))

    def _chapter(self, value: object, at: tuple[Step, ...]) -> Chapter | None:
        form = self._form(ChapterForm, value, "title", at)
        place = self.source.place(at, key=True)
        return None if form is None else Chapter(form.title, place, form.url, form.image)

    def _music(self, value: object, at: tuple[Step, ...]) -> Music | None:
        form = self._form(MusicForm, value, "file", at)
        if form is None:
            return None
        role = form.role or "bed"
        usual = max(_VOLUMES[role], -(form.under or 60))
        return Music(
            file=form.file,
            place=self.source.place(at, key=True),
            role=role,
            volume=usual if form.volume is None else form.volume,
            loop=role == "bed" if form.loop is None else form.loop,
            fade_in=form.fade_in,
            fade_out=form.fade_out,
            envelope=tuple(form.envelope or ()),
            duck=_duck(form.duck, _DUCKS[role]),
            under=form.under,
            trim=form.trim,
            start=form.start,
            end=form.end,
            lead=form.lead,
        )

    def _sound(self, value: object, at: tuple[Step, ...]) -> Sound | None:
        form = self._form(SoundForm, value, "file", at)
        if form is None:
            return None
        place = self.source.place(at, key=True)
        volume = -6.0 if form.volume is None else form.volume
        return Sound(form.file, place, volume, form.pan or 0.0, form.at or 0.0, bool(form.wait))

    def _form(self, form: type[F], value: object, short: str, at: tuple[Step, ...]) -> F | None:
        """A form whose short form is the text of one field."""
        full = value if isinstance(value, dict) else {short: value}
        return fill(form, full, self.source, at, self.context)

    def _id(self, given: str | None, speaker: str, text: str, at: tuple[Step, ...]) -> str:
        if given is None:
            made = unlike(derived_id(speaker, text), self.taken)
            self.taken.add(made.casefold())
            return made
        _, owner = self.given[given.casefold()]
        if owner != at:
            line = self.source.place(owner, key=True).line
            what = f"id '{given}' is already the turn's in line {line}"
            self._problem(what, "give another id", (*at, "id"))
        return given

    def _problem(
        self, what: str, remedy: str, path: tuple[Step, ...], *, key: bool = False
    ) -> None:
        place = self.source.place(path, key=key)
        self.context.problems.append(Problem(what, remedy, place))


def _duck(form: DuckForm | None, usual: float) -> Duck | None:
    if form is None:
        return Duck(usual)
    by = usual if form.by is None else form.by
    attack = 0.3 if form.attack is None else form.attack
    release = 0.8 if form.release is None else form.release
    return Duck(by, attack, release) if by > 0 else None
