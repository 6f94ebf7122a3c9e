"""`podgen`, and `python -m podgen`: where errors become exit codes, and nowhere else."""

from __future__ import annotations

import signal
import sys

from podgen import __version__
from podgen.errors import BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE, PodgenError


def main() -> None:
    """Run the command line."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _terminate)
    try:
        from podgen.cli.streams import settle

        settle()
        from podgen.cli.app import app

        try:
            app()
        finally:
            sys.stdout.flush()
    except PodgenError as error:
        _report(error)
        raise SystemExit(error.exit_code) from None
    except SystemExit as end:
        if end.code == INTERRUPTED_EXIT_CODE:
            print("interrupted", file=sys.stderr)
        raise
    except Exception as error:
        if (code := _ended_in(error)) is not None:
            print("interrupted", file=sys.stderr)
            raise SystemExit(code) from None
        import traceback

        traceback.print_exc()
        print(
            f"\nThis is a bug in podgen {__version__}. Please report it with the lines above.",
            file=sys.stderr,
        )
        raise SystemExit(BUG_EXIT_CODE) from None


def _terminate(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _ended_in(error: BaseException | None) -> int | None:
    """The exit code, if a signal is at the bottom of an error: it makes one of a compiled module's
    loading ("initialization failed")."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return INTERRUPTED_EXIT_CODE
        if isinstance(error, SystemExit) and isinstance(error.code, int):
            return error.code
        error = error.__cause__
    return None


def _report(error: PodgenError) -> None:
    if "--json" in sys.argv:
        from podgen.cli.console import print_json_error

        print_json_error(error)
    for problem in error.problems:
        print(problem, file=sys.stderr)


if __name__ == "__main__":
    main()
