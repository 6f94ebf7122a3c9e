"""A source file as a draft: what it is, is told from its content."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from podgen.errors import Place, Problem, ScriptError
from podgen.show.importers import captions, dialogue, fountain, ssml, transcripts, word
from podgen.show.importers.draft import Draft, join_chapters, leave_wordless, one_spelling, refused
from podgen.show.importers.gutenberg import unframed

MOST_BYTES = 50_000_000
_TAGS = re.compile(r"<(Person\w{1,10}|Host\w{0,10}|Speaker\w{1,10})>")
_SPEAK = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^\[>]*(?:\[.*?\])?\s*>\s*)*"
    r"<(?:\w+:)?speak[\s>]",
    re.DOTALL,
)
_SRT = re.compile(r"\s*\d+[ \t]*\n[ \t]*\d{1,2}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->")
_SCENE = re.compile(r"(?im)^(?:\.(?=[^.\s])|(?:INT|EXT|EST|I/E|INT\.?/EXT)[. ]).*$")
_CUE = re.compile(r"(?m)^[ \t]*$\n(?:@\S.*|[ \t]*[^\Wa-z][^\na-z:]{1,38})(?<![.:!?])\n[ \t]*\S")
_LABEL = re.compile(r"(?m)^(?:[-*+] )?(?:\*\*)?[^\W\d_][\w .'’&/()-]{0,50}:(?:\*\*)?(?:[ \t]|$)")
_MARKDOWN = re.compile(r"(?m)^#{1,6} |\*\*[^*\n]+:\*\*|\*\*[^*\n]+\*\*:")


def read_source(source: Path, narrator: str | None = None) -> Draft:
    """Read a script of any known form. `narrator` says what nobody is named for.

    Raises:
        ScriptError: it cannot be read, or nobody says anything in it.
        MachineError: a package that reads this form is not installed.
    """
    draft = _read(source, _bytes(source), narrator)
    leave_wordless(draft)
    if not draft.lines:
        remedy = "write 'NAME: text', or say with --narrator who reads it"
        raise refused(source, None, f"nobody says anything in this {draft.form}", remedy)
    one_spelling(draft)
    join_chapters(draft)
    return draft


def _bytes(source: Path) -> bytes:
    try:
        if source.stat().st_size > MOST_BYTES:
            raise refused(source, None, "too large for a script", "give at most 50 MB")
        return source.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ScriptError(Problem(f"cannot be read: {why}", place=Place(str(source)))) from None


def _read(source: Path, data: bytes, narrator: str | None) -> Draft:
    if data[:4] == b"PK\x03\x04" or zipfile.is_zipfile(source):
        lines, head = word.read_lines(data, source)
        draft = dialogue.read(lines, source, narrator, "Word document")
        draft.head = {**head, **draft.head}
        return draft
    text, noted = _decoded(data)
    if "\0" in text:
        raise refused(source, None, "neither text nor a Word document", "save it as text")
    text, head, left = unframed(text.replace("\r\n", "\n").replace("\r", "\n"))
    draft = _read_text(source, data, text, narrator)
    draft.head = {**draft.head, **head}
    for line, what in left:
        draft.leave(line, what)
    if noted:
        draft.leave(1, noted)
    return draft


def _read_text(source: Path, data: bytes, text: str, narrator: str | None) -> Draft:
    if text.startswith("WEBVTT"):
        return captions.read(text, source, narrator, "WebVTT")
    if _SRT.match(text):
        return captions.read(text, source, narrator, "SubRip")
    if _SPEAK.match(text):
        return ssml.read(data, source, narrator)
    if text.lstrip()[:1] in ("{", "["):
        try:
            return transcripts.read_json(json.loads(text), text, source)
        except (ValueError, RecursionError):
            pass  # a stage direction in brackets begins many a play
    if _TAGS.search(text):
        return transcripts.read_tags(text, source)
    cues = len(_CUE.findall(f"\n{text}"))
    if cues and (_SCENE.search(text) or cues > max(1, len(_LABEL.findall(text)))):
        return fountain.read(text, source, narrator)
    form = "Markdown" if _MARKDOWN.search(text) else "text"
    return dialogue.read(text.split("\n"), source, narrator, form)


def _decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and what to say of its encoding."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), None
            except UnicodeDecodeError:
                continue
    return data.decode("cp1252", "replace"), "not UTF-8: read as Windows-1252"
