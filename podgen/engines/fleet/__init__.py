"""Any local engine as actors on a Ray cluster."""

from podgen.engines.fleet.engine import FleetEngine

__all__ = ["FleetEngine"]
