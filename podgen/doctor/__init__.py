"""What this machine can run, how fast, what it lacks, and whether it computes rightly."""

from podgen.doctor.finding import Finding
from podgen.doctor.fleet import diagnose_fleet
from podgen.doctor.machine import diagnose
from podgen.doctor.proving import prove_devices
from podgen.doctor.speaking import Row, prove_model

__all__ = ["Finding", "Row", "diagnose", "diagnose_fleet", "prove_devices", "prove_model"]
