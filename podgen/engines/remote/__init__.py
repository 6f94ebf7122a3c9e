"""Voices elsewhere: OpenAI-compatible speech servers, one or many."""

from podgen.engines.remote.engine import RemoteEngine

__all__ = ["RemoteEngine"]
