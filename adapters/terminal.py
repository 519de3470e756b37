"""Standard output and standard error: the one door for all that is printed.

Nothing of a value reaches a terminal but what is seen of it (transfer/visible.py), and no output
that cannot be written ever fails the work that it tells of.
"""

from __future__ import annotations

import errno
import io
import json
import os
import select
import shutil
import sys
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, TextIO

from transfer.visible import visible

if TYPE_CHECKING:
    from rich.console import Console


class Terminal:
    """Standard output, or another stream.

    Colours, columns and what moves are drawn by rich, which is loaded for that only.
    """

    def __init__(self, *, stderr: bool = False, file: IO[str] | None = None, **drawn: Any) -> None:
        self._stderr = stderr
        self._file = file
        self._drawn = drawn

    @property
    def file(self) -> IO[str]:
        """The stream that is written to now."""
        return self._file or (sys.stderr if self._stderr else sys.stdout)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks on; $FORCE_COLOR says so, too."""
        forced: bool | None = self._drawn.get("force_terminal")
        if forced is None:
            return bool(os.environ.get("FORCE_COLOR")) or self.file.isatty()
        return forced

    @property
    def width(self) -> int:
        """In columns."""
        return self._drawn.get("width") or shutil.get_terminal_size().columns

    @cached_property
    def rich(self) -> Console:
        """The same stream for what rich draws, made visible as well."""
        from adapters.console import VisibleConsole  # noqa: PLC0415

        return VisibleConsole(stderr=self._stderr, file=self._file, **self._drawn)

    def print(self, *things: Any, **how: Any) -> None:
        self.rich.print(*things, **how)

    def say(self, *lines: str) -> None:
        """Each is one line, whatever is in it, and however long."""
        if "rich" in vars(self):
            # It may have drawn something below, which it moves out of the way.
            for line in lines:
                self.rich.print(visible(line), soft_wrap=True)
        else:
            self.file.write("".join(f"{visible(line)}\n" for line in lines))
            self.file.flush()

    def paint(self, words: str, style: str = "", *, folded: bool = True) -> None:
        """Lines in a style, broken between words, where a person looks on; plain elsewhere."""
        if self.is_terminal:
            self.rich.print(words, style=style, soft_wrap=not folded)
        else:
            self.say(*words.split("\n"))

    def document(self, value: Any) -> None:
        """JSON for programs, in ASCII: so any stream can show it, and no terminal obeys it."""
        # Not through rich: wrapping would no longer be JSON.
        self.file.write(json.dumps(value, ensure_ascii=True, indent=2) + "\n")
        self.file.flush()

    def page(self, text: str) -> None:
        """A page in ASCII for a browser, whose texts were made visible as they were put in."""
        self.file.write(text)
        self.file.flush()


class _Steady(io.FileIO):
    """A stream that takes whatever it is given. `lost` is why some of it was not written."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            while (written := super().write(data)) is None:
                select.select((), (self,), ())
        except OSError as error:
            self.lost = error
            return len(data)
        return written


def steady() -> None:
    """Make both streams such that writing to them never raises, for the rest of the process.

    A reader that has gone, a full disk, a stream that was closed before we began, or characters
    that its encoding does not have.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # It gets this number, which the next file that is opened would get otherwise.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _stream(1, sys.stdout)
    sys.stderr = _stream(2, sys.stderr)


def _stream(number: int, before: TextIO | None) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(_Steady(number, "w", closefd=False)),
        encoding=before.encoding if before else "utf-8",
        errors="backslashreplace",
        line_buffering=number == 2 or os.isatty(number),  # noqa: PLR2004 standard error
    )


def own_up() -> None:
    """Say on standard error that standard output was not written whole; at the end of a command.

    A reader that has read enough, as `head` does, misses nothing.
    """
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    lost = raw.lost if isinstance(raw, _Steady) else None
    if lost and lost.errno != errno.EPIPE:
        Terminal(stderr=True).say(f"fileferry: the output is not whole: {lost.strerror}.")
