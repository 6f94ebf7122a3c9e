"""Recordings without a text: what is heard in them is written into the script, to be read over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from podgen.audio import recording
from podgen.casting import Part, read_cast
from podgen.engines import REGISTRY
from podgen.errors import Place, Problem, ScriptError
from podgen.files import rewrite
from podgen.proof import Ear
from podgen.render.recordings import Recordings, utterance
from podgen.show.items import UNWRITTEN
from podgen.show.model import Turn
from podgen.show.read import read_show
from podgen.show.source import read_text
from podgen.show.writing.document import read_document
from podgen.text.silence import has_words


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written down of a recording, nothing where no speech is in it, and the line in
    which its turn stands now."""

    line: int
    speaker: str
    text: str
    file: str


def fill(script: Path, model: Path | None = None) -> list[Filled]:
    """Hear each recording that has no text, and write what is heard as its text.

    The rest of the script stays to the letter. A recording whose text is there is not heard.

    Args:
        script: the show's YAML file.
        model: a folder with another Whisper model for CTranslate2 than base.

    Raises:
        ScriptError: the script is wrong in other ways; nothing was written.
        MachineError: the ear lacks packages or weights, or does not know the language.
    """
    text = read_text(script, "script")
    unwritten = _unwritten(script, text)
    before = read_document(text)
    lines = before.lines()
    ear, heard = Ear(model), {}
    for turn, part in unwritten:
        assert turn.recording is not None
        line = turn.place.line or 0
        number = next(number for begins, number in reversed(lines) if begins <= line)
        source = turn.recording
        samples, rate = recording.decode(source.file, source.start, source.end)
        said = ear.write_down(samples, rate, part.language)
        heard[number] = turn.speaker, said if has_words(said) else "", source.file.name
    # Somebody may have written in it while it was listened to.
    document = after = read_document(read_text(script, "script"), before)
    filled: dict[int, tuple[str, str, str]] = {}
    for entry in document.entries:
        if entry.number in heard and not entry.values.get("text"):
            filled[entry.number] = heard[entry.number]
            if said := heard[entry.number][1]:
                after = after.with_key(entry.number, ("text",), said)
    if after.text != document.text:
        rewrite(script, after.text)
    return [Filled(line, *filled[number]) for line, number in after.lines() if number in filled]


def refuse_unheard(script: Path, filled: Sequence[Filled]) -> None:
    """Raises:
    ScriptError: no speech is in some of the recordings; it names them.
    """
    problems = [
        Problem(
            f"no speech is heard in {one.file}",
            "write what is said, or give another part",
            Place(str(script), one.line),
        )
        for one in filled
        if not one.text
    ]
    if problems:
        raise ScriptError(problems)


def _unwritten(script: Path, text: str) -> list[tuple[Turn, Part]]:
    """The recordings without a text, in order, with who speaks.

    Raises:
        ScriptError: anything else is wrong with the script, or with such a turn.
    """
    show, problems = read_show(script, text)
    problems = [problem for problem in problems if problem.what != UNWRITTEN]
    casting, miscast = read_cast(show, engine=None, usable=list(REGISTRY), known=list(REGISTRY))
    turns = [turn for turn in show.turns if turn.recording is not None and not turn.text]
    if any(turn.speaker not in casting.recorded for turn in turns):
        problems += miscast
    player = Recordings()
    pairs = [(turn, casting.recorded[turn.speaker]) for turn in turns if not problems]
    for turn, part in pairs:
        for what, remedy in player.check(utterance(turn, part)):
            problems.append(Problem(what, remedy, turn.place, turn.id))
    if problems:
        raise ScriptError(problems)
    return pairs
