"""Charts as SVG in the page itself: columns over time, bars by name. Colours are the page's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from daemon.reporting.markup import Node, tag

WIDTH = 640
HEIGHT, TOP, FOOT, LEFT = 220, 16, 28, 76
"""Of the columns: the whole, above and below them, and for the words of their scale."""
ROW, NAMES, VALUES = 26, 210, 130
"""Of the bars: one of them, the words before and behind them."""
LONGEST_NAME = 30
LABELS = 8
"""Words below the columns at most."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`kind` is a class of the page's colours."""

    name: str
    value: float
    words: str
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a rectangle stands, from the upper left."""

    left: float
    top: float
    wide: float
    tall: float


def columns(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    words: Callable[[float], str],
) -> Node:
    """Stacked, one for each label; `series` are the values by their class."""
    sums = [sum(values[place] for values in series.values()) for place in range(len(labels))]
    highest = max(sums, default=0) or 1
    plot, wide = HEIGHT - TOP - FOOT, (WIDTH - LEFT) / max(len(labels), 1)
    nodes = list(_scale(highest, plot, words))
    every = -(-len(labels) // LABELS) or 1
    for place, label in enumerate(labels):
        left, above = LEFT + place * wide, float(TOP + plot)
        for kind, values in series.items():
            tall = values[place] / highest * plot
            above -= tall
            if values[place]:
                said = _said(kind, label, words(values[place]))
                nodes.append(_rect(kind, said, Box(left, above, max(wide * 0.85, 0.5), tall)))
        if place % every == 0:
            at = left + wide / 2
            nodes.append(_words(label, at, HEIGHT - 8, "middle"))
    return _svg(title, HEIGHT, nodes)


def bars(title: str, rows: Sequence[Bar]) -> Node:
    """One below the other, in the order of the rows."""
    highest = max((row.value for row in rows), default=0) or 1
    nodes: list[Node] = []
    for place, row in enumerate(rows):
        top = place * ROW
        shown = row.name if len(row.name) <= LONGEST_NAME else f"{row.name[: LONGEST_NAME - 1]}…"
        wide = row.value / highest * (WIDTH - NAMES - VALUES)
        nodes.append(_words(shown, NAMES - 8, top + 18, "end"))
        box = Box(NAMES, top + 4, wide, ROW - 8)
        nodes.append(_rect(row.kind, f"{row.name}: {row.words}", box))
        nodes.append(_words(row.words, NAMES + wide + 8, top + 18, "start"))
    return _svg(title, max(len(rows), 1) * ROW, nodes)


def _scale(highest: float, plot: float, words: Callable[[float], str]) -> list[Node]:
    nodes: list[Node] = []
    for part in (0, 0.5, 1):
        at = TOP + plot * (1 - part)
        nodes.append(tag("line", class_="grid", x1=LEFT, x2=WIDTH, y1=_n(at), y2=_n(at)))
        nodes.append(_words(words(highest * part), LEFT - 8, at + 4, "end"))
    return nodes


def _said(kind: str, label: str, words: str) -> str:
    return f"{label}: {words}" if kind == "plain" else f"{label}: {words} {kind}"


def _rect(kind: str, said: str, box: Box) -> Node:
    return tag(
        "rect",
        tag("title", said),
        class_=kind.replace(" ", "-"),
        x=_n(box.left),
        y=_n(box.top),
        width=_n(box.wide),
        height=_n(box.tall),
    )


def _words(text: str, left: float, base: float, anchor: str) -> Node:
    return tag("text", text, x=_n(left), y=_n(base), text_anchor=anchor)


def _svg(title: str, height: float, nodes: Sequence[Node]) -> Node:
    return tag(
        "svg",
        tag("title", title),
        *nodes,
        viewBox=f"0 0 {WIDTH} {_n(height)}",
        role="img",
        aria_label=title,
    )


def _n(value: float) -> str:
    """A number as SVG has it, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
