"""Kokoro-82M: 28 English voices and their blends on the CPU, and five more languages."""

from podgen.engines.kokoro.engine import KokoroEngine

__all__ = ["KokoroEngine"]
