"""The script on the desk: changed in its file at once, undone, and never written over blindly."""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableSequence
from dataclasses import replace
from pathlib import Path

from podgen.edit.history import History, Step, Texts, patch
from podgen.errors import PodgenError, ScriptError
from podgen.files import rewrite
from podgen.show.source import read_text
from podgen.show.writing.document import Document, read_document


class ConflictError(ScriptError):
    """What was to be changed has been changed by somebody else; `now` is what stands there."""

    def __init__(self, now: object) -> None:
        super().__init__("this was changed elsewhere meanwhile", "keep one of the two")
        self.now = now


class Desk:
    """A script as a document and its file, which always hold the same.

    Before anything is written the file is looked at: what others changed in it is taken over first.
    While it cannot be read (`fault` says why), nothing is written.
    """

    def __init__(self, script: Path) -> None:
        """Read the script.

        Raises:
            ScriptError: it cannot be read, or is no list of turns.
        """
        self.script = script
        self.lock = threading.RLock()
        self.history = History()
        self.fault = ""
        self._read = _bytes(script)
        self.document = read_document(read_text(script, "script"))

    def change(
        self,
        label: str,
        act: Callable[[Document], Document],
        *,
        burst: str = "",
        texts: Texts | None = None,
    ) -> Document:
        """Do something to the document and write the file; the document as it is now.

        Raises:
            ScriptError: it cannot be done, or the file cannot be read as it is now.
            MachineError: the file cannot be written.
        """
        with self.lock:
            self.look()
            self._refuse_if_unreadable()
            before = self.document
            after = act(before)
            texts = texts or {}
            if after.text == before.text and not texts:
                return before
            self._write(after, {path: pair[1] for path, pair in texts.items()})
            self.history.add(Step(label, patch(before, after), texts, burst))
            return after

    def undo(self) -> str | None:
        """Take the last step back; what it was called, or None."""
        return self._walk(self.history.done, self.history.undone, 0)

    def redo(self) -> str | None:
        """Do again what was undone last; what it was called, or None."""
        return self._walk(self.history.undone, self.history.done, 1)

    def look(self) -> bool:
        """Take over what others changed in the file; whether there was anything.

        A file that cannot be read leaves the document as it is, with the reason in `fault`.
        """
        with self.lock:
            found = _bytes(self.script)
            if found == self._read:
                return False
            self._read = found
            try:
                after = read_document(read_text(self.script, "script"), self.document)
            except PodgenError as error:
                self.fault = str(error)
                return True
            self.fault = ""
            if after.text != self.document.text:
                step = Step("change from outside", patch(self.document, after))
                self.history.add(step)
                self.document = after
            return True

    def put_back(self) -> None:
        """Write the document over a file that cannot be read, as its user asked for."""
        with self.lock:
            self._write(self.document, {})
            self.fault = ""

    def _walk(
        self, source: MutableSequence[Step], target: MutableSequence[Step], side: int
    ) -> str | None:
        with self.lock:
            self.look()
            self._refuse_if_unreadable()
            if not source:
                return None
            step = source[-1]
            for path, pair in step.texts.items():
                if text_of(path) != pair[1 - side]:
                    raise ScriptError(
                        f"{path.name} was changed since, so '{step.label}' stays as it is",
                        f"change {path.name} itself",
                    )
            changed = (step.patch.forward if side else step.patch.back)(self.document)
            self._write(changed, {path: pair[side] for path, pair in step.texts.items()})
            target.append(source.pop())
            return step.label

    def _refuse_if_unreadable(self) -> None:
        if self.fault:
            raise ScriptError(
                f"{self.script.name} was changed elsewhere and cannot be read: {self.fault}",
                "correct it there, or write it back as it is here",
            )

    def _write(self, document: Document, others: dict[Path, str | None]) -> None:
        for path, text in others.items():
            if text is None:
                path.unlink(missing_ok=True)
            elif text_of(path) != text:
                rewrite(path, text)
        if document.text != self.document.text or self.fault:
            self._read = rewrite(self.script, document.text)
        highest = max(document.highest, self.document.highest)
        self.document = replace(document, highest=highest)


def text_of(path: Path) -> str | None:
    """A file's text, None where there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
