"""The page says what the records say: in its numbers, and in the lengths of what it draws."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryStore, Row
from daemon.commands.report import since_of
from daemon.commands.root import app
from daemon.reporting.figures import Figures, figures, recent
from daemon.reporting.page import page
from tests.adapters.ledger import filled
from tests.daemon.reporting.month import CANARY, COUNT, SINCE, UNTIL, month

EXAMPLE = Path(__file__).parents[3] / "config" / "fileferry.example.yaml"
NEEDED = frozenset(
    (
        *("html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "div"),
        *("section", "span", "b", "i", "svg", "line", "rect", "text"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    )
)
HARMLESS = frozenset(
    (
        *("lang", "charset", "http-equiv", "content", "name", "class", "role", "aria-label"),
        *("viewbox", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "text-anchor"),
    )
)


class Seen(HTMLParser):
    """The tags and texts of a page, and the rectangles of each chart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.names: set[str] = set()
        self.texts: list[str] = []
        self.charts: dict[str, list[dict[str, str]]] = {}
        self._chart = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.names |= told.keys()
        if tag == "svg":
            self._chart = told["aria-label"]
            self.charts[self._chart] = []
        if tag == "rect":
            self.charts[self._chart].append(told)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def total(self, chart: str, side: str, kind: str) -> float:
        return sum(float(each[side]) for each in self.charts[chart] if each["class"] == kind)


@pytest.fixture(scope="module")
def told() -> Figures:
    return figures(month(), SINCE, UNTIL)


@pytest.fixture(scope="module")
def text(told: Figures) -> str:
    return page(told, "/var/lib/fileferry/ledger.db", UNTIL)


@pytest.fixture(scope="module")
def seen(text: str) -> Seen:
    return Seen(text)


def test_what_somebody_meant_to_be_html_is_text(seen: Seen, text: str) -> None:
    assert seen.tags.keys() == NEEDED
    assert seen.names <= HARMLESS
    assert any(CANARY.replace("\u202e", "\\u202e") in each for each in seen.texts)
    assert text.isascii()


def test_the_page_asks_for_nothing(text: str) -> None:
    assert "default-src 'none'" in text
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|https?:|//", style)
    assert "screen and (prefers-color-scheme: dark)" in style
    assert "@media print" in style


def test_its_numbers_are_those_of_the_records(seen: Seen, told: Figures) -> None:
    sent = [item.receipt for record in month() for item in record.deliveries if item.receipt]
    assert (told.transfers, told.files) == (COUNT, len(sent))
    assert told.bytes == sum(each.size for each in sent)
    assert told.outcomes == {"delivered": 60, "failed": 30, "refused": 30}
    assert told.causes == {"auth.refused": 20, "remote.full": 20, "source.missing": 20}
    assert (told.again, told.resumed) == (10, 60)
    shown = " ".join(seen.texts)
    for words in ("120", "50.0%", "delivered 60", "refused 30", "failed 30", "4 min 0 s"):
        assert words in shown


def test_columns_are_as_tall_as_what_they_stand_for(seen: Seen, told: Figures) -> None:
    volume = [float(each["height"]) for each in seen.charts["Volume over time"]]
    sizes = [column.bytes for column in told.columns if column.bytes]
    assert max(volume) == 176
    assert volume == pytest.approx([size / max(sizes) * 176 for size in sizes], abs=0.01)
    heights = [seen.total("Outcomes over time", "height", kind) for kind in ("delivered", "failed")]
    assert heights[0] == pytest.approx(2 * heights[1], rel=0.01)
    tops = [float(each["y"]) for each in seen.charts["Volume over time"]]
    assert [top + tall for top, tall in zip(tops, volume, strict=True)] == pytest.approx(
        [192.0] * len(tops), abs=0.02
    )


def test_bars_are_as_long_as_what_they_stand_for(seen: Seen, told: Figures) -> None:
    widths = [float(each["width"]) for each in seen.charts["Slowest destinations"]]
    rates = sorted(share.rate for share in told.destinations.values())
    assert widths == sorted(widths)
    assert widths == pytest.approx([rate / rates[-1] * 300 for rate in rates], abs=0.01)
    assert [each["class"] for each in seen.charts["Causes"]] == ["failed"] * 3
    assert [len(seen.charts[name]) for name in ("Tiers reached", "Retries", "Requesters")] == [
        3,
        3,
        6,
    ]


def test_each_chart_stays_within_its_frame(seen: Seen) -> None:
    for name, rects in seen.charts.items():
        for each in rects:
            left, wide = float(each["x"]), float(each["width"])
            assert 0 <= left <= left + wide <= 640, name
            assert float(each["y"]) >= 0, name


@pytest.mark.parametrize(
    ("days", "columns", "step"),
    [(1, 24, "1:00:00"), (30, 31, "1 day, 0:00:00"), (365, 53, "7 days, 0:00:00")],
)
def test_the_columns_cover_the_period(days: int, columns: int, step: str) -> None:
    made = figures([], UNTIL - timedelta(days=days), UNTIL)
    assert (len(made.columns), str(made.step)) == (columns, step)
    assert made.columns[0].begins <= UNTIL - timedelta(days=days)
    # Nothing to show is a page too.
    assert Seen(page(made, "x", UNTIL)).charts["Volume over time"] == []


def test_what_came_in_before_is_left_out_and_what_is_too_much_is_said() -> None:
    store = MemoryStore()
    for place, record in enumerate(reversed(month())):
        store.rows[record.transfer.id] = Row(transfer=record.transfer, received=place)
    archive = memory_books(store).archive
    young, cut = recent(archive, UNTIL - timedelta(days=1))
    assert (len(young), cut) == (4, 0)
    assert recent(archive, SINCE - timedelta(days=1)) == recent(archive, SINCE)
    young, cut = recent(archive, SINCE, most=50)
    assert (len(young), cut) == (50, 50)
    assert "these are the newest 50 transfers" in page(
        figures(young, SINCE, UNTIL, cut), "x", UNTIL
    )


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("12h", UNTIL - timedelta(hours=12)),
        ("30d", UNTIL - timedelta(days=30)),
        ("2w", UNTIL - timedelta(days=14)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_since_is_a_span_or_a_day(text: str, since: datetime) -> None:
    assert since_of(text, UNTIL) == since


@pytest.mark.parametrize("text", ["", "30", "d", "2027-01-01", "last week", "99999d", "0d"])
def test_another_since_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="30d"):
        since_of(text, UNTIL)


def test_the_command_writes_a_page_and_writes_over_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, file = tmp_path / "ledger.db", tmp_path / "report.html"
    filled.fill(ledger)
    monkeypatch.setenv("FILEFERRY_CONFIG", str(EXAMPLE))
    monkeypatch.setenv("FILEFERRY_LEDGER__PATH", str(ledger))

    def report(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["report", "--since", "2026-11-01", *words])
        return done.exit_code, done.output

    code, said = report("-o", str(file))
    assert (code, f"{file}: {filled.COUNT} transfers" in said) == (0, True)
    assert Seen(file.read_text("ascii")).tags["svg"] == 8
    file.write_text("mine")
    code, said = report("-o", str(file))
    assert (code, "--force" in said, file.read_text()) == (2, True, "mine")
    assert report("-o", str(file), "--force")[0] == 0
    assert file.read_text().startswith("<!DOCTYPE html>")
    code, said = report("-o", "-")
    assert (code, said[:15]) == (0, "<!DOCTYPE html>")
    assert report("-o", str(tmp_path / "none" / "r.html"))[0] == 2
    assert {each.name for each in tmp_path.glob("*.html")} == {"report.html"}
