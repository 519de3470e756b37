"""What rich draws: colours, columns, and what moves on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from transfer.visible import visible_lines


class VisibleConsole(Console):
    """A Console whose texts are visible; a `[` in them is no markup, nor `:x:` an emoji."""

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
