"""What the commands on the store print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podgen.cli.console import print_json, table
from podgen.files import size_text

if TYPE_CHECKING:
    from podgen.render.store import Store


def show_store(store: Store, *, json: bool) -> None:
    """The store's size by kind of clip."""
    sizes: dict[str, list[int]] = {}
    for entry in store.entries():
        sizes.setdefault(entry.kind, []).append(entry.size)
    if json:
        for kind, each in sorted(sizes.items()):
            print_json({"kind": kind, "clips": len(each), "bytes": sum(each)})
        return
    print(store.root)
    table(
        ("kind", "clips", "size"),
        [(kind, len(each), size_text(sum(each))) for kind, each in sorted(sizes.items())],
    )


def show_verification(store: Store) -> None:
    """Corrupt clips, removed as they are found."""
    total = 0
    corrupt = 0
    for entry, intact in store.verify():
        total += 1
        if not intact:
            corrupt += 1
            store.discard(entry.kind, entry.key)
            print(f"corrupt, removed: {entry.kind} {entry.key}")
    print(f"{total} clips, {corrupt} corrupt")
