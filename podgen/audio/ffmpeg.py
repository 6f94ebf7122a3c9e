"""Everything that starts ffmpeg: finding it, feeding it, reading it, and ending it.

No shell and no ffprobe. A job's inputs are files or pipes that it inherits; each pipe has one
thread that writes into it, so that a slow or dead ffmpeg never blocks another input.
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy.typing as npt

from podgen.errors import MachineError

Chunks = Iterable[npt.NDArray[Any]]

log = logging.getLogger(__name__)

# ffmpeg 5.0: `amix=normalize=0` (4.4), channel layouts by name, and write errors that change the
# exit code. Read from libavfilter's version, since builds from git have no release number.
MIN_LIBAVFILTER = 8
OLDEST = "5.0"
ENVIRONMENT = "PODGEN_FFMPEG"
_PIPE_BYTES = 1 << 20  # asked of the kernel (Linux); 64 KiB doubles the context switches
_STDERR_LINES = 400
_STREAM = re.compile(r" +Stream #\d+:\d+")  # metadata has a colon before what it says


class FfmpegError(MachineError):
    """A run of ffmpeg that failed. `tail` holds the end of what it wrote to stderr."""

    def __init__(self, what: str, remedy: str = "", tail: str = "") -> None:
        super().__init__(what, remedy)
        self.tail = tail


@dataclass(frozen=True, slots=True)
class Binary:
    """An ffmpeg that can be run: its path, its version as it prints it, libavfilter's major, and
    where it comes from."""

    path: str
    version: str
    libavfilter: int
    origin: str


def inspect(path: str, origin: str) -> Binary | None:
    """What the program at `path` is, or None if it is no ffmpeg that runs."""
    try:
        done = subprocess.run(
            [path, "-hide_banner", "-version"],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"^ffmpeg version (\S+)", done.stdout, re.MULTILINE)
    filters = re.search(r"^libavfilter\s+(\d+)\.", done.stdout, re.MULTILINE)
    if done.returncode or not version or not filters:
        return None
    return Binary(path, version[1], int(filters[1]), origin)


def find() -> Binary:
    """The ffmpeg to use: `PODGEN_FFMPEG`, else the packaged one, else the system's if new enough.

    The packaged one comes first, so that two machines with the same podgen make the same bytes at
    the same speed.

    Raises:
        MachineError: none of them runs, or the one in `PODGEN_FFMPEG` does not or is too old.
    """
    return _find(os.environ.get(ENVIRONMENT), os.environ.get("PATH"))


@lru_cache(maxsize=8)
def _find(chosen: str | None, search: str | None) -> Binary:
    if chosen:
        binary = inspect(shutil.which(chosen) or chosen, ENVIRONMENT)
        if binary is None:
            raise MachineError(
                f"{ENVIRONMENT}={chosen} is not an ffmpeg that runs",
                f"set it to an ffmpeg >= {OLDEST} or unset it",
            )
        if binary.libavfilter < MIN_LIBAVFILTER:
            raise MachineError(
                f"{ENVIRONMENT}={chosen} is ffmpeg {binary.version}, too old",
                f"set it to an ffmpeg >= {OLDEST} or unset it",
            )
        return binary
    packaged = _packaged()
    if packaged:
        return packaged
    system = shutil.which("ffmpeg", path=search)
    binary = inspect(system, "the system's") if system else None
    if binary and binary.libavfilter >= MIN_LIBAVFILTER:
        return binary
    found = f"the system's ffmpeg {binary.version} is too old" if binary else "no ffmpeg was found"
    raise MachineError(
        found, f"install ffmpeg >= {OLDEST}, or the packaged one: pip install imageio-ffmpeg"
    )


def _packaged() -> Binary | None:
    try:
        import imageio_ffmpeg

        return inspect(imageio_ffmpeg.get_ffmpeg_exe(), "the packaged one")
    except (ImportError, RuntimeError):
        return None


class Job:
    """One run of ffmpeg. Name its pipes first, then start it; leaving the block ends it.

    ```
    with Job() as job:
        lane = job.feed(blocks)          # "pipe:7", an input
        job.run(["-f", "f32le", "-ar", "44100", "-i", lane, "out.wav"])
    ```

    Whatever goes wrong (an exception in a feed, ffmpeg's early death, ctrl-C), the child is
    killed and reaped, and the threads are joined, before the block is left.
    """

    def __init__(self) -> None:
        self._feeds: list[tuple[int, int, Chunks]] = []
        self._drains: list[tuple[int, int, Callable[[bytes], None]]] = []
        self._threads: list[threading.Thread] = []
        self._faults: list[BaseException] = []
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._streams: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    def feed(self, chunks: Chunks) -> str:
        """An input pipe that will carry `chunks`; they are drawn in a thread of their own.

        Chunks are C-contiguous and may be overwritten once the next one is asked for.
        """
        read, write = os.pipe()
        _enlarge(write)
        self._feeds.append((read, write, chunks))
        return f"pipe:{read}"

    def drain(self, consume: Callable[[bytes], None]) -> str:
        """A further output pipe; `consume` is called with what arrives, in a thread of its own."""
        read, write = os.pipe()
        self._drains.append((read, write, consume))
        return f"pipe:{write}"

    def run(self, arguments: Sequence[str]) -> None:
        """Run to the end.

        Raises:
            FfmpegError: ffmpeg failed; its message says why, `tail` has the rest.
            Exception: whatever a feed or a drain raised, in preference to ffmpeg's own failure.
        """
        self._start(arguments, stdout=subprocess.DEVNULL)
        self._finish()

    def stream(self, arguments: Sequence[str], size: int) -> Generator[bytearray, None, None]:
        """Run, yielding stdout in blocks of exactly `size` bytes, the last one shorter.

        Raises what `run` raises, once all that was written has been yielded.
        """
        process = self._start(arguments, stdout=subprocess.PIPE)
        assert process.stdout is not None
        _enlarge(process.stdout.fileno())
        while True:
            block = bytearray(size)
            filled = 0
            view = memoryview(block)
            while filled < size and (got := process.stdout.readinto(view[filled:])):  # type: ignore[attr-defined]
                filled += got
            view.release()
            if filled:
                yield block if filled == size else block[:filled]
            if filled < size:
                break
        self._finish()

    @property
    def messages(self) -> str:
        """The end of what ffmpeg has written to stderr."""
        return "\n".join(self._stderr)

    @property
    def streams(self) -> str:
        """What it has said of its streams, those of its first input first, however long the
        metadata beside them."""
        return "\n".join(self._streams)

    def __enter__(self) -> Job:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _start(self, arguments: Sequence[str], stdout: int) -> subprocess.Popen[bytes]:
        argv = [find().path, "-hide_banner", "-nostdin", "-nostats", *arguments]
        log.debug("%s", shlex.join(argv))
        theirs = [read for read, _, _ in self._feeds] + [write for _, write, _ in self._drains]
        options: dict[str, Any] = {}
        if sys.platform != "win32":
            # Its own process group: ctrl-C is ours to act on, not ffmpeg's to race us with.
            options["process_group"] = 0
        process = subprocess.Popen(
            argv,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            pass_fds=theirs,
            **options,
        )
        self._process = process
        for descriptor in theirs:
            os.close(descriptor)
        feeds, drains = self._feeds, self._drains
        self._feeds, self._drains = [], []
        self._thread(self._read_stderr)
        for _, write, chunks in feeds:
            self._thread(self._write, write, chunks)
        for read, _, consume in drains:
            self._thread(self._consume, read, consume)
        return process

    def _thread(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _write(self, descriptor: int, chunks: Chunks) -> None:
        try:
            for chunk in chunks:
                view = chunk.data.cast("B") if chunk.size else memoryview(b"")
                while view:
                    view = view[os.write(descriptor, view) :]
        except BrokenPipeError:
            pass  # ffmpeg wants no more, or died; its exit code tells which
        except BaseException as error:
            self._faults.append(error)
            self._kill()
        finally:
            os.close(descriptor)
            if isinstance(chunks, Generator):
                chunks.close()  # ends the job that it may draw from

    def _consume(self, descriptor: int, consume: Callable[[bytes], None]) -> None:
        try:
            while block := os.read(descriptor, 1 << 16):
                consume(block)
        except BaseException as error:
            self._faults.append(error)
            self._kill()
        finally:
            os.close(descriptor)

    def _read_stderr(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            self._stderr.append(text)
            if _STREAM.match(text):
                self._streams.append(text)

    def _finish(self) -> None:
        assert self._process is not None
        code = self._process.wait()
        self._join()
        if self._faults:
            raise self._faults[0]
        full = "No space left on device" in self.messages
        if code or full:
            last = next((line for line in reversed(self._stderr) if line.strip()), "")
            log.debug("ffmpeg exited with %s:\n%s", code, self.messages)
            raise FfmpegError(
                "the disk is full" if full else f"ffmpeg failed (exit code {code}): {last}",
                "free some space and run again" if full else "",
                self.messages,
            )

    def _end(self) -> None:
        self._kill()
        for descriptors in (*self._feeds, *self._drains):  # never started
            os.close(descriptors[0])
            os.close(descriptors[1])
        self._feeds, self._drains = [], []
        process = self._process
        if process is None:
            return
        process.wait()
        self._join()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _join(self) -> None:
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()


def run(arguments: Sequence[str]) -> str:
    """Run ffmpeg on files alone and return the end of its stderr; raises like `Job.run`."""
    with Job() as job:
        job.run(arguments)
        return job.messages


def stream(arguments: Sequence[str], size: int) -> Generator[bytearray, None, None]:
    """Run ffmpeg on files alone, yielding stdout in blocks of `size` bytes, like `Job.stream`."""
    with Job() as job:
        yield from job.stream(arguments, size)


def local(path: Path) -> str:
    """A path as an input or output of ffmpeg, which would take `a:b.mp3` for a protocol's address
    and `-a.mp3` for an option."""
    return f"file:{path}"


def _enlarge(descriptor: int) -> None:
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            log.debug("the kernel keeps its own pipe size")
