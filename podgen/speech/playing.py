"""Speech through the loudspeaker, by a program of the machine's."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from podgen.errors import MachineError
from podgen.speech.say import Request, Spoken, to_file

PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("afplay",),
    ("aplay", "-q"),
)
"""Programs that play a WAV file named as their last argument, in the order they are tried."""


def play(request: Request) -> Spoken:
    """Speak through the loudspeaker.

    Raises:
        EngineError: no engine can speak this here.
        MachineError: there is no player, or it failed.
    """
    argv = find_player()
    with tempfile.TemporaryDirectory(prefix="podgen-") as folder:
        path = Path(folder) / "speech.wav"
        spoken = to_file(request, path)
        done = subprocess.run(
            [*argv, str(path)],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise MachineError(f"{argv[0]} could not play it: {said}", "write a file with -o")
    return replace(spoken, path=None)


def find_player() -> list[str]:
    """The command of the first player found.

    Raises:
        MachineError: there is none.
    """
    for name, *options in PLAYERS:
        if found := shutil.which(name):
            return [found, *options]
    names = ", ".join(player[0] for player in PLAYERS)
    raise MachineError(f"no player found ({names})", "install one, or write a file with -o")
