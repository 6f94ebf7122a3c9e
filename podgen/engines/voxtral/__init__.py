"""Voxtral-4B-TTS in PyTorch: the published model, batched over all the turns of a job."""

from podgen.engines.voxtral.engine import VoxtralEngine

__all__ = ["VoxtralEngine"]
