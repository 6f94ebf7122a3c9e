"""Word documents (.docx) as lines of dialogue: headings, paragraphs, rows of tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from podgen.errors import MachineError
from podgen.show.importers.draft import refused

MOST_BYTES = 100_000_000
"""What a document may unpack to; a scenario of 500 pages has about 1 MB."""
MOST_PARTS = 2000


def read_lines(data: bytes, source: Path) -> tuple[list[str], dict[str, str]]:
    """The document's text as lines of Markdown dialogue, a paragraph a line, and its title and
    author.

    Raises:
        MachineError: python-docx is not installed.
        ScriptError: it is no document, or unpacks to more than `MOST_BYTES`.
    """
    try:
        import docx
    except ImportError:
        raise MachineError(
            "reading .docx needs python-docx", "pip install 'podgen[import]'"
        ) from None
    try:
        # zipfile never unpacks more of a member than its directory says.
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        raise refused(source, None, "not a whole .docx", "save it again") from None
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES or len(parts) > MOST_PARTS:
        what = f"it unpacks to {size / 1e6:.0f} MB in {len(parts)} parts"
        raise refused(source, None, what, f"give at most {MOST_BYTES / 1e6:.0f} MB")
    try:
        document = docx.Document(io.BytesIO(data))
        properties = {
            "title": document.core_properties.title,
            "author": document.core_properties.author,
        }
        lines = [line for block in document.iter_inner_content() for line in _lines(block)]
    except Exception as error:  # python-docx and lxml have no common kind of error
        raise refused(source, None, f"not a Word document ({error})", "save it again") from None
    head = {key: value for key, value in properties.items() if value and value != "python-docx"}
    return lines, head


def _lines(block: Any) -> Iterator[str]:
    from docx.table import Table

    if isinstance(block, Table):
        for row in block.rows:
            cells = [" ".join(cell.text.split()) for cell in row.cells]
            yield ": ".join(cell for cell in dict.fromkeys(cells) if cell)
            yield ""
        return
    style = (block.style.name or "") if block.style is not None else ""
    for number, line in enumerate(block.text.split("\n")):
        if style == "Title" and number == 0:
            yield f"# {line}"
        elif style.startswith("Heading") and line.strip():
            yield f"## {line}"
        else:
            yield _marked(block, line) if number == 0 else line
    yield ""


def _marked(block: Any, line: str) -> str:
    """A line with a bold name at its head marked as Markdown marks it."""
    bold = ""
    for run in block.runs:
        if not run.bold or "\n" in run.text:
            break
        bold += run.text
    name = bold.strip()
    rest = line.strip().removeprefix(name)
    if name.endswith(":") and len(name) < 60:
        return f"**{name}**{rest}"
    if name and rest.lstrip().startswith(":") and len(name) < 60:
        return f"**{name}**:{rest.lstrip()[1:]}"
    return line
