"""What was imported last, kept beside the script: by it changes of the source are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from podgen.errors import Place, Problem, ScriptError
from podgen.show.importers.draft import Draft
from podgen.show.importers.units import Unit, units_of


def base_path(script: Path) -> Path:
    """Where the last import is kept: beside the script."""
    return script.with_suffix(".import.json")


def save_base(draft: Draft, ids: Sequence[str | None]) -> str:
    """The text of the file that keeps an import; `ids` has one for each item."""
    entries = [
        {"name": unit.name, "id": given, "keys": unit.keys, "remarks": unit.remarks}
        for unit, given in zip(units_of(draft), ids, strict=True)
    ]
    document = {"version": 1, "form": draft.form, "entries": entries}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def load_base(script: Path) -> list[Unit] | None:
    """The last import, or None where none is kept.

    Raises:
        ScriptError: the file is not what an import writes.
    """
    path = base_path(script)
    if not path.exists():
        return None
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
        return [Unit(e["name"], e["keys"], e["id"], e["remarks"]) for e in entries]
    except (ValueError, KeyError, TypeError, OSError):
        what = "not what 'podgen import' writes"
        remedy = "remove it; the script's own turns are then compared"
        raise ScriptError(Problem(what, remedy, Place(str(path)))) from None
