"""What the doctor prints."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from podgen.cli.console import print_json
from podgen.errors import EngineError, MachineError

if TYPE_CHECKING:
    from podgen.doctor import Finding, Row


def show_diagnosis(findings: Iterable[Finding], *, json: bool) -> None:
    """The doctor's findings.

    Raises:
        MachineError: podgen cannot render here.
    """
    missing = []
    for finding in findings:
        if json:
            print_json(asdict(finding))
        else:
            print(f"{_mark(finding.good)}  {finding.what:<16} {finding.detail}", flush=True)
            if finding.speed:
                print(f"    {'':<16} {finding.speed}", flush=True)
        if finding.needed and not finding.good:
            missing.append(finding.what)
    if missing:
        raise MachineError(f"cannot render here: {', '.join(missing)}", "see the lines above")


def show_proof(findings: Iterable[Finding], *, json: bool) -> None:
    """What each device computes.

    Raises:
        MachineError: something on one of them is not as it must be.
    """
    wrong = []
    for finding in findings:
        if json:
            print_json({"event": "device", **asdict(finding)})
        else:
            print(f"{_mark(finding.good)}  {finding.what:<16} {finding.detail}", flush=True)
        if not finding.good:
            wrong.append(finding.what)
    if wrong:
        raise MachineError(f"not as the reference: {', '.join(wrong)}", "use another device")


def show_presets(rows: Iterable[Row], *, json: bool) -> None:
    """What each preset made of its sentence, as a table to paste into a report.

    Raises:
        EngineError: one of them did not speak as it should.
    """
    wrong = []
    if not json:
        print(f"\n{_versions()}\n")
        print("| voice | language | ends | seconds | characters/s | LUFS | words | wrong |")
        print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        if json:
            print_json({"event": "preset", **asdict(row)})
        else:
            figures = [_figure(value) for value in (row.seconds, row.pace, row.loudness)]
            cells = [row.voice, row.language, "yes" if row.ends else "no", *figures]
            cells += [row.words or "not heard", "; ".join(row.faults) or "-"]
            print(f"| {' | '.join(cells)} |", flush=True)
        if row.faults:
            wrong.append(row.voice)
    if wrong:
        raise EngineError(f"{', '.join(wrong)} did not speak as they should", "see the table")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _versions() -> str:
    from datetime import UTC, datetime

    import torch

    from podgen import __version__

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    where = ", ".join(gpus) or f"{platform.system()} {platform.machine()}, no CUDA GPU"
    return f"podgen {__version__}, torch {torch.__version__}, {where}, {datetime.now(UTC):%Y-%m-%d}"


def _mark(good: bool) -> str:
    return "ok" if good else "--"
