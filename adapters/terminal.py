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
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from transfer.visible import visible, visible_lines


class Terminal(Console):
    """A rich Console whose texts are visible; a `[` in them is no markup, nor `:x:` an emoji."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **settings})

    @property
    def encoding(self) -> str:
        """Of the stream that is written to now, so that frames are drawn with what it can show."""
        return (getattr(self.file, "encoding", None) or "utf-8").lower()

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            # Control segments are rich's own: they move the cursor for a progress bar.
            if segment.control:
                yield segment
            else:
                yield Segment(visible_lines(segment.text), segment.style)

    def say(self, *lines: str) -> None:
        """Each is one line, whatever is in it, and however long."""
        for line in lines:
            self.print(Text(visible(line)), soft_wrap=True)

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
