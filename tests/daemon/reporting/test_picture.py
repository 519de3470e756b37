"""The page as a browser draws it: the charts stand in the picture, as large as their numbers.

Without Chromium, which .ci/servers fetches where it can, it is skipped: what the page says, and
the lengths of what it draws, are proven by test_page.py.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.reporting.figures import figures
from daemon.reporting.page import page
from tests.daemon.reporting.month import SINCE, UNTIL, month
from tests.servers.chromium import look

WIDE, TALL = 500, 1700
DARK = "--blink-settings=preferredColorScheme=0"
Colour = tuple[int, int, int]


def drawn(folder: Path, *more: str) -> Counter[Colour]:
    """How many pixels of the picture have which colour."""
    picture, html = folder / "page.png", folder / "page.html"
    html.write_text(page(figures(month(), SINCE, UNTIL), "ledger.db", UNTIL))
    look(html, *more, f"--screenshot={picture}", f"--window-size={WIDE},{TALL}")
    if not picture.exists():
        pytest.skip("Chromium drew nothing")
    return Counter(pixels(picture.read_bytes()))


def pixels(png: bytes) -> Iterator[Colour]:
    """Of a PNG with eight bits a colour, and no interlacing (PNG, third edition, 9.2)."""
    wide, kind = int.from_bytes(png[16:20], "big"), png[25]
    step = {2: 3, 6: 4}[kind]
    data, place = b"", 8
    while place < len(png):
        size = int.from_bytes(png[place : place + 4], "big")
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + size]
        place += 12 + size
    plain, length = zlib.decompress(data), wide * step
    above = bytearray(length)
    for start in range(0, len(plain), length + 1):
        above = _line(plain[start], bytearray(plain[start + 1 : start + 1 + length]), above, step)
        for at in range(0, length, step):
            yield (above[at], above[at + 1], above[at + 2])


def _line(kind: int, line: bytearray, above: bytearray, step: int) -> bytearray:
    if kind == 0:
        return line
    guess = GUESSES[kind]
    for at in range(len(line)):
        left = line[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        line[at] = (line[at] + guess(left, above[at], corner)) & 0xFF
    return line


def _paeth(left: int, above: int, corner: int) -> int:
    far = left + above - corner
    one, two, three = abs(far - left), abs(far - above), abs(far - corner)
    if one <= two and one <= three:
        return left
    return above if two <= three else corner


GUESSES: dict[int, Callable[[int, int, int], int]] = {
    1: lambda left, _above, _corner: left,
    2: lambda _left, above, _corner: above,
    3: lambda left, above, _corner: (left + above) // 2,
    4: _paeth,
}


def rgb(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text)
    return (red, green, blue)


@pytest.mark.parametrize(
    ("options", "ground", "ink", "delivered", "refused", "plain"),
    [
        ((), "f6f7f9", "1c2733", "2e8b57", "8a94a0", "2f6fb4"),
        ((DARK,), "12171d", "e4e9ee", "4cb27a", "76828e", "5b9bdc"),
    ],
    ids=["light", "dark"],
)
def test_a_browser_draws_what_the_numbers_say(  # noqa: PLR0917 the colours of the page
    tmp_path: Path,
    options: tuple[str, ...],
    ground: str,
    ink: str,
    delivered: str,
    refused: str,
    plain: str,
) -> None:
    seen = drawn(tmp_path, *options)
    assert sum(seen.values()) == WIDE * TALL
    assert seen[rgb(ground)] > 0.05 * WIDE * TALL
    # Letters and digits, and the columns of volume and throughput.
    assert seen[rgb(ink)] > 500
    assert seen[rgb(plain)] > 5_000
    # 60 were delivered and 30 refused.
    assert seen[rgb(delivered)] > 2_000
    assert seen[rgb(delivered)] == pytest.approx(2 * seen[rgb(refused)], rel=0.15)
