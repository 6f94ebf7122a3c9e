"""What a benchmark found, with the machine it found it on; kept as JSON in benchmarks/out/."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Result:
    """Figures by name; seconds, ratios and megabytes say so in theirs."""

    name: str
    machine: dict[str, str]
    figures: dict[str, float]

    def show(self) -> None:
        """Print the figures and keep them."""
        OUT.mkdir(exist_ok=True)
        (OUT / f"{self.name}.json").write_text(json.dumps(asdict(self), indent=1) + "\n")
        print(self.name)
        for name, value in self.figures.items():
            print(f"  {name:<36} {value:.3f}")


def machine() -> dict[str, str]:
    """The machine, its versions and the date."""
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
