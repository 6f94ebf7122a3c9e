"""What the page's server was started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the page's server was started with."""

    script: Path
    engine: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    store: Path | None = None
    output: Path | None = None
