"""What a page may ask to have changed, and how it is done to the script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from podgen.edit.desk import ConflictError, Desk, text_of
from podgen.errors import ScriptError
from podgen.show.source import Value
from podgen.show.writing.document import Document, read_document
from podgen.show.writing.values import Given
from podgen.show.writing.words import lexicon_file, with_word

_LONGEST_TEXT = 100_000
Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
Number = Annotated[int, Field(ge=1)]


class Order(BaseModel):
    """One thing to be done. `burst` names the typing that it is a part of."""

    model_config = ConfigDict(extra="forbid")
    burst: Annotated[str, Field(max_length=40)] = ""


class Set(Order):
    """Give a key of an entry a value, or none; `was` is what the page thought it had."""

    op: Literal["set"]
    number: Number
    path: Annotated[tuple[str, ...], Field(max_length=3)]
    value: Any = None
    was: Any = None

    def do(self, document: Document) -> Document:
        """The document with it done."""
        entry = document.entries[document.at(self.number)]
        now = _inside(entry.values, self.path)
        wanted = _tidy(self.value) if isinstance(self.value, str) else self.value
        if "was" in self.model_fields_set and _plain(now) not in (_plain(self.was), _plain(wanted)):
            raise ConflictError(now)
        if isinstance(wanted, str) and self.path == ("text",) and not wanted:
            return document.with_key(self.number, self.path, "")
        return document.with_key(self.number, self.path, _given(wanted))

    @property
    def label(self) -> str:
        """What it is called."""
        return self.path[-1] if self.path else "pause"


class Rename(Order):
    """Give a turn another speaker."""

    op: Literal["rename"]
    number: Number
    name: Annotated[str, Field(min_length=1, max_length=200)]
    label: str = "speaker"

    def do(self, document: Document) -> Document:
        """The document with it done."""
        return document.renamed(self.number, self.name.strip())


class Add(Order):
    """Put a new entry after another one, or before all."""

    op: Literal["add"]
    after: Number | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)]
    value: Any
    label: str = "new entry"

    def do(self, document: Document) -> Document:
        """The document with it done."""
        value = _given(self.value)
        if value is None:
            raise ScriptError("a new entry says nothing", "give it a value")
        return document.inserted(self.after, self.name.strip(), value)


class Delete(Order):
    """Take an entry away."""

    op: Literal["delete"]
    number: Number
    label: str = "deletion"

    def do(self, document: Document) -> Document:
        """The document with it done."""
        return document.deleted(self.number)


class Move(Order):
    """Put an entry after another one, or before all."""

    op: Literal["move"]
    number: Number
    after: Number | None = None
    label: str = "move"

    def do(self, document: Document) -> Document:
        """The document with it done."""
        return document.moved(self.number, self.after)


class Split(Order):
    """Make two turns of one."""

    op: Literal["split"]
    number: Number
    first: Text
    second: Text
    label: str = "split"

    def do(self, document: Document) -> Document:
        """The document with it done."""
        return document.split(self.number, _tidy(self.first), _tidy(self.second))


class Join(Order):
    """Make one turn of one and the next."""

    op: Literal["join"]
    number: Number
    label: str = "join"

    def do(self, document: Document) -> Document:
        """The document with it done."""
        return document.joined(self.number)


class Word(Order):
    """Say how a word is said in the whole show."""

    op: Literal["word"]
    word: Annotated[str, Field(min_length=1, max_length=200)]
    said: Annotated[str, Field(min_length=1, max_length=400)]
    label: str = "pronunciation"


AnyOrder = Annotated[
    Set | Rename | Add | Delete | Move | Split | Join | Word, Field(discriminator="op")
]


def carry_out(desk: Desk, order: Set | Rename | Add | Delete | Move | Split | Join | Word) -> int:
    """Do what is ordered; the highest number that an entry has now.

    Raises:
        ConflictError: what was to be changed is other than the page thought.
        ScriptError: it cannot be done.
        MachineError: a file cannot be written.
    """
    with desk.lock:
        if isinstance(order, Word):
            _say(desk, order)
        else:
            desk.change(order.label, order.do, burst=order.burst)
        return desk.document.highest


def _say(desk: Desk, order: Word) -> None:
    word, said = order.word.strip(), order.said.strip()
    path = lexicon_file(desk.script, desk.document.text)
    texts: dict[Path, tuple[str | None, str | None]] = {}
    act: Callable[[Document], Document]
    if path is None:

        def act(document: Document) -> Document:
            return read_document(with_word(document.text, word, said, script=True), document)
    else:
        before = text_of(path) or ""
        texts[path] = before, with_word(before, word, said, script=False)

        def act(document: Document) -> Document:
            return document

    desk.change(order.label, act, texts=texts)


def _inside(values: Any, path: tuple[str, ...]) -> Value:
    if not path:
        path = ("",)  # a pause's own value
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    found: Value = values
    return found


def _plain(value: Any) -> Any:
    return (_tidy(value) or None) if isinstance(value, str) else value


def _tidy(text: str) -> str:
    """A text without the spaces that nobody sees: at its ends and its lines' ends, or doubled."""
    lines = (" ".join(line.replace("\u00a0", " ").split()) for line in text.strip().splitlines())
    return "\n".join(lines)


def _given(value: Any) -> Given | None:
    """A value of a page as one that can be written.

    Raises:
        ScriptError: it is none.
    """
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, list):
        return [_some(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _some(one) for key, one in value.items()}
    raise ScriptError("this is no value")


def _some(value: Any) -> Given:
    given = _given(value)
    if given is None:
        raise ScriptError("a value is missing")
    return given
