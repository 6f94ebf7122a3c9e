"""Where things lie that several rooms' tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "podgen/engines/voxtral/golden"
"""Reference outputs of Voxtral on a small checkpoint, and the checkpoint."""
