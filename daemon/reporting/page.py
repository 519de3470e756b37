"""One page that needs nothing else: no script, no network, light and dark, and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from rich.filesize import decimal

from daemon.reporting.charts import Bar, bars, columns
from daemon.reporting.figures import NOT_YET, Figures, Share, outcome_of, sizes
from daemon.reporting.markup import Node, tag, written
from transfer.books import Record
from transfer.model import Outcome

NOTHING_FROM_ELSEWHERE = "default-src 'none'; style-src 'unsafe-inline'"
SHOWN, LISTED = 12, 500
"""Names of one chart, and rows of one table."""
KINDS = (*(each.value for each in Outcome), NOT_YET)
STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5a6876; --page: #f6f7f9; --card: #fff;
  --line: #d9dfe5; --plain: #2f6fb4; --delivered: #2e8b57; --refused: #8a94a0; --failed: #c8402f;
  --cancelled: #c98a1b; --unknown: #8950b0; --rehearsed: #4a90c2; --under-way: #b6c2ce; }
@media screen and (prefers-color-scheme: dark) { :root {
  --ink: #e4e9ee; --soft: #9aa8b5; --page: #12171d;
  --card: #1b222a; --line: #323d48; --plain: #5b9bdc; --delivered: #4cb27a; --refused: #76828e;
  --failed: #e8685a; --cancelled: #dca743; --unknown: #b283d6; --rehearsed: #6fb1de;
  --under-way: #4a5662; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 88rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
p.about, p.key { color: var(--soft); margin: .2rem 0 1.2rem; } p.key { margin: .5rem 0 0; }
p.key span { margin-right: 1rem; }
.tiles, .charts { display: grid; gap: 1rem; margin-bottom: 1rem; }
.tiles { grid-template-columns: repeat(4, 1fr); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); }
section, .tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem; margin: 0; overflow-x: auto; }
.tile b { display: block; font-size: 1.5rem; } .tile span { color: var(--soft); }
.tables section { margin-bottom: 1rem; }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--soft); } svg .grid { stroke: var(--line); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; white-space: nowrap; }
i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em; }
@media (max-width: 45rem) { .tiles { grid-template-columns: repeat(2, 1fr); } }
@media print { :root { color-scheme: light; --page: #fff; } body { padding: 0; font-size: 11px; }
  section, .tile { break-inside: avoid; } .tables section { break-inside: auto; }
  tr { break-inside: avoid; } thead { display: table-header-group; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
FILLS = "".join(
    f"rect.{kind} {{ fill: var(--{kind}); }} i.{kind} {{ background: var(--{kind}); }}\n"
    for kind in (*(each.replace(" ", "-") for each in KINDS), "plain")
)


def page(told: Figures, place: str, now: datetime) -> str:
    """The page as text; `place` is where the ledger is."""
    period = f"{_day(told.since)} to {_day(told.until)} UTC"
    title = f"FileFerry, {period}"
    about = f"From the ledger {place}, written at {now:%Y-%m-%d %H:%M} UTC."
    if told.cut:
        about += f" There are more: these are the newest {told.cut:,} transfers."
    head = tag(
        "head",
        tag("meta", charset="us-ascii"),
        tag("meta", http_equiv="Content-Security-Policy", content=NOTHING_FROM_ELSEWHERE),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
    )
    # The one text that is no value of anybody's: a line of it must stay a line.
    style = tag("style")
    style.text = STYLE + FILLS
    head.append(style)
    body = tag(
        "body",
        tag("header", tag("h1", f"Transfers, {period}"), tag("p", about, class_="about")),
        tag("div", *_tiles(told), class_="tiles"),
        tag("div", *_charts(told), class_="charts"),
        tag("div", *_tables(told), class_="tables"),
    )
    return written(tag("html", head, body, lang="en"))


def _tiles(told: Figures) -> Iterable[Node]:
    sent = sum(share.seconds for share in told.destinations.values())
    arrived, total = told.outcomes[Outcome.DELIVERED], told.transfers
    figures = {
        "transfers": f"{total:,}",
        "delivered": f"{arrived / total:.1%}" if total else "–",
        "files": f"{told.files:,}",
        "volume": decimal(told.bytes),
        "while sending": _rate(told.bytes / sent) if sent else "–",
        "half of them took at most": _duration(told.seconds) if told.took else "–",
        "sent anew by an operator": f"{told.again:,}",
        "taken up more than once": f"{told.resumed:,}",
    }
    for words, figure in figures.items():
        yield tag("div", tag("b", figure), tag("span", words), class_="tile")


def _charts(told: Figures) -> Iterable[Node]:
    form = "%d %b %H:00" if told.step < timedelta(days=1) else "%d %b"
    labels = [f"{column.begins:{form}}" for column in told.columns]

    def over_time(title: str, values: Sequence[float], words: Callable[[float], str]) -> Node:
        return _card(title, columns(title, labels, {"plain": values}, words))

    yield over_time("Volume over time", [each.bytes for each in told.columns], _size)
    yield over_time("Throughput over time", [each.rate for each in told.columns], _rate)
    seen = [kind for kind in KINDS if told.outcomes[kind]]
    series = {kind: [each.outcomes[kind] for each in told.columns] for kind in seen}
    outcomes = columns("Outcomes over time", labels, series, _count)
    yield _card("Outcomes over time", outcomes, _key(told, seen))
    yield _card("Causes", bars("Causes", _counted(told.causes, "failed")))
    yield _card("Slowest destinations", bars("Slowest destinations", _slowest(told)))
    yield _card("Tiers reached", bars("Tiers reached", _counted(told.tiers, "plain")))
    yield _card("Retries", bars("Retries", _retries(told)))
    yield _card("Requesters", bars("Requesters", _busiest(told.requesters)))


def _card(title: str, *nodes: Node) -> Node:
    return tag("section", tag("h2", title), *nodes)


def _key(told: Figures, kinds: Sequence[str]) -> Node:
    key = tag("p", class_="key")
    for kind in kinds:
        mark = tag("i", class_=kind.replace(" ", "-"))
        key.append(tag("span", mark, f"{kind} {told.outcomes[kind]:,}"))
    return key


def _counted(counts: Mapping[str, int], kind: str) -> list[Bar]:
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:SHOWN]
    return [Bar(name, count, f"{count:,}", kind) for name, count in most]


def _slowest(told: Figures) -> list[Bar]:
    sent = [each for each in told.destinations.items() if each[1].seconds]
    slow = sorted(sent, key=lambda each: (each[1].rate, each[0]))[:SHOWN]
    return [Bar(name, share.rate, _rate(share.rate)) for name, share in slow]


def _retries(told: Figures) -> list[Bar]:
    counts = {
        "transfers": told.transfers,
        "taken up more than once": told.resumed,
        "sent anew by an operator": told.again,
    }
    return [Bar(name, count, f"{count:,}") for name, count in counts.items()]


def _busiest(shares: Mapping[str, Share]) -> list[Bar]:
    most = sorted(shares.items(), key=lambda each: (-each[1].transfers, each[0]))[:SHOWN]
    return [Bar(name, share.transfers, f"{share.transfers:,}") for name, share in most]


def _tables(told: Figures) -> Iterable[Node]:
    yield _of_shares("Destinations", told.destinations)
    yield _of_shares("Requesters", told.requesters)
    total = sum(told.causes.values()) or 1
    causes = [
        (code, f"{count:,}", f"{count / total:.0%}") for code, count in told.causes.most_common()
    ]
    yield _table("Causes", ("code", "transfers", "share"), causes, plain=1)
    more = f", the newest {LISTED:,}" if told.transfers > LISTED else ""
    names = ("number", "requester", "destination", "outcome", "code", "received (UTC)")
    rows = map(_row, told.records[:LISTED])
    yield _table(f"Transfers{more}", (*names, "files", "volume", "took"), rows, plain=len(names))


def _of_shares(title: str, shares: Mapping[str, Share]) -> Node:
    names = ("name", "transfers", "failed or unknown", "files", "volume", "while sending")
    rows = [
        (
            *(name, f"{share.transfers:,}", f"{share.failed:,}", f"{share.files:,}"),
            *(decimal(share.bytes), _rate(share.rate) if share.seconds else "–"),
        )
        for name, share in sorted(shares.items(), key=lambda each: (-each[1].bytes, each[0]))
    ]
    return _table(title, names, rows[:LISTED], plain=1)


def _row(record: Record) -> tuple[str, ...]:
    transfer, arrived = record.transfer, sizes(record.deliveries)
    received, closed = transfer.received_at, transfer.closed_at
    took = _duration((closed - received).total_seconds()) if received and closed else "–"
    return (
        transfer.request.number,
        transfer.request.requester,
        transfer.request.destination,
        outcome_of(record),
        transfer.failure.code if transfer.failure else "",
        f"{received:%Y-%m-%d %H:%M}" if received else "",
        f"{arrived['files']:,} of {len(record.deliveries):,}",
        decimal(arrived["bytes"]),
        took,
    )


def _table(title: str, names: Sequence[str], rows: Iterable[Sequence[str]], *, plain: int) -> Node:
    """The first `plain` columns are words, the others numbers."""

    def cells(kind: str, texts: Sequence[str]) -> list[Node]:
        return [
            tag(kind, text, class_=None if place < plain else "n")
            for place, text in enumerate(texts)
        ]

    head = tag("thead", tag("tr", *cells("th", names)))
    body = tag("tbody", *(tag("tr", *cells("td", row)) for row in rows))
    return _card(title, tag("table", head, body))


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _size(value: float) -> str:
    return decimal(round(value))


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _rate(value: float) -> str:
    return f"{decimal(round(value))}/s"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
