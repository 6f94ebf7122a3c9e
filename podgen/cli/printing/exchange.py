"""What importing, exporting, feeds and clips print."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from podgen.cli.console import clock, print_json, turns_text

if TYPE_CHECKING:
    from pathlib import Path

    from podgen.proposal.importing import Imported
    from podgen.publish.podcast import Podcast
    from podgen.render.clipping import Excerpt
    from podgen.render.exporting import Export


def show_import(imported: Imported, source: Path, *, json: bool) -> None:
    """An imported script: what was left, with its line; the cast proposed; what changed."""
    changes = imported.changes
    told = [*(changes.told if changes else ()), *imported.told]
    if json:
        for left in imported.left:
            print_json({"event": "left", "line": left.line, "what": left.what})
        print_json(
            {
                "event": "imported",
                "script": str(imported.path),
                "form": imported.form,
                "turns": imported.turns,
                "cast": {one.name: dict(one.voices) for one in imported.cast},
                "changes": None
                if changes is None
                else {
                    "changed": changes.changed,
                    "added": changes.added,
                    "removed": changes.removed,
                },
                "told": told,
            }
        )
        return
    for left in imported.left:
        print(f"{source}:{left.line}: {left.what}", file=sys.stderr)
    for line in told:
        print(f"{source}: {line}", file=sys.stderr)
    for one in imported.cast:
        why = (
            "as you said"
            if one.decided
            else {"f": "a woman's name", "m": "a man's name"}.get(
                one.gender, "the name suggests nothing"
            )
        )
        print(f"{one.name}: {', '.join(one.voices.values()) or 'no voice'} ({why})")
    made = f"{imported.path}: {turns_text(imported.turns)} from {imported.form}"
    if changes is not None:
        made += f"; {changes.changed} changed, {changes.added} new, {changes.removed} removed"
    print(made)


def show_podcast(podcast: Podcast, *, json: bool) -> None:
    """A feed: what it lacks, and what is new in it."""
    if json:
        print_json(
            {
                "event": "feed",
                "feed": str(podcast.feed),
                "episodes": podcast.episodes,
                "new": list(podcast.new),
                "warnings": list(podcast.told),
            }
        )
        return
    for line in podcast.told:
        print(f"warning: {line}", file=sys.stderr)
    new = f", new: {', '.join(podcast.new)}" if podcast.new else ""
    count = "1 episode" if podcast.episodes == 1 else f"{podcast.episodes} episodes"
    print(f"{podcast.feed}: {count}{new}")


def show_clip(excerpt: Excerpt, *, json: bool) -> None:
    """The excerpt that was written."""
    start, end = excerpt.start, excerpt.end
    if json:
        print_json(
            {"event": "clip", "path": str(excerpt.path), "start": start, "end": end},
        )
    else:
        print(f"{excerpt.path}: {end - start:.1f} s ({clock(start)} to {clock(end)})")


def show_export(export: Export, *, json: bool) -> None:
    """The project that was written."""
    if json:
        print_json({"event": "exported", "project": str(export.project)})
    else:
        print(export.project)
