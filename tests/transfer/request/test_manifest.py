"""Manifests as people and Excel write them; and none costs more than its first row too many."""

from __future__ import annotations

import codecs
import json
import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer.errors import Code, Permanent
from transfer.request import manifest
from transfer.request.manifest import LARGEST, MOST, MOST_LINES

NAME = "s3://exports/lists/nov.csv"
NOV = "s3://exports/nov.csv"
SUM = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"
READ_CODES = {Code.MANIFEST_MALFORMED, Code.SOURCE_MALFORMED, Code.NAME_REFUSED}
MIB = 1024 * 1024


def parsed(text: str | bytes) -> list[tuple[str, str, str]]:
    data = text.encode() if isinstance(text, str) else text
    found = manifest.parse(data, NAME)
    return [(item.source.uri, item.path, item.source.sha256) for item in found]


def refusal(text: str | bytes) -> Permanent:
    with pytest.raises(Permanent) as raised:
        parsed(text)
    assert NAME in raised.value.message
    assert len(raised.value.message) < 500
    return raised.value


@pytest.mark.parametrize(
    "text",
    [
        "source,path\ns3://exports/nov.csv,pay.csv",
        "source, path\ns3://exports/nov.csv, pay.csv\n",
        "source ,path\n s3://exports/nov.csv ,\tpay.csv \n",
        "\ufeffsource,path\r\ns3://exports/nov.csv,pay.csv\r\n",
        "source,path\rs3://exports/nov.csv,pay.csv\r",
        "source,path\n\n\ns3://exports/nov.csv,pay.csv\n\n",
        "\n\nsource,path\ns3://exports/nov.csv,pay.csv\n",
        "source,path,sha256\r\ns3://exports/nov.csv,pay.csv,\r\n,,\r\n , ,\r\n,,",
        "source,path,,\r\ns3://exports/nov.csv,pay.csv,,\r\n,,,\r\n",
        "source,path\r\ns3://exports/nov.csv,pay.csv,,,,,,,,\r\n",
        "source;path\r\ns3://exports/nov.csv;pay.csv\r\n;\r\n",
        "sep=;\r\nsource;path\r\ns3://exports/nov.csv;pay.csv\r\n",
        "source\tpath\ns3://exports/nov.csv\tpay.csv\n",
        "source\tpath\r\ns3://exports/nov.csv\tpay.csv\r\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "source,path\ns3://exports/nov.csv,pay.csv\n".encode("utf-16-be"),
        "\ufeff\ufeffsource,path\ns3://exports/nov.csv,pay.csv\n",
        '#TYPE System.Object\r\n"source","path"\r\n"s3://exports/nov.csv","pay.csv"\r\n',
        "# for November\n#\nsource,path\n# a, b, c\ns3://exports/nov.csv,pay.csv\n# end\n",
        "source,path\n#s3://exports/oct.csv,pay.csv\ns3://exports/nov.csv,pay.csv\n",
        '# to Bob, "urgent" ones\nsource,path\ns3://exports/nov.csv,pay.csv\n # is, "last" one',
        'source,path\n# a, "half\ns3://exports/nov.csv,pay.csv\n# of", it\n',
        "source,path\n#" + 99 * "," + "\ns3://exports/nov.csv,pay.csv\n",
        'source,path\n"s3://exports/nov.csv","pay.csv"\n',
        'source,path\n"s3://exports/nov.csv" , "pay.csv" \n',
        '"Source","Path"\n"s3://exports/nov.csv","pay.csv"\n',
        "path,source\npay.csv,s3://exports/nov.csv\n",
        "source,path\ns3://exports/nov.csv,\u00a0pay.csv\u00a0\n",
        '[{"source": "s3://exports/nov.csv", "path": "pay.csv"}]',
        '\ufeff \r\n[\r\n {"path": "pay.csv", "sha256": null, "source": "s3://exports/nov.csv"}\r\n]',
    ],
)
def test_however_it_is_written_it_means_one_file(text: str | bytes) -> None:
    assert parsed(text) == [(NOV, "pay.csv", "")]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ('"a,b.csv"', "a,b.csv"),
        ('"a;b"', "a;b"),
        ('"say ""hello"""', 'say "hello"'),
        ('" a"', " a"),
        ('in"ch.csv', 'in"ch.csv'),
        ("März 1.csv", "März 1.csv"),
        ("*.csv", "*.csv"),
        ("#1.csv", "#1.csv"),
    ],
)
def test_what_quotes_hold_and_what_stands_in_a_name_is_kept(field: str, path: str) -> None:
    assert parsed(f"source,path\n{NOV},{field}\n") == [(NOV, path, "")]


def test_a_row_that_names_an_object_is_no_remark() -> None:
    assert parsed(f"path,source\n#1.csv,{NOV}\n") == [(NOV, "#1.csv", "")]


def test_a_row_is_one_object_and_never_a_pattern() -> None:
    assert parsed("source\ns3://exports/report[1]*.csv\n") == [
        ("s3://exports/report[1]*.csv", "", "")
    ]


def test_a_digest_is_read_in_small_letters() -> None:
    assert parsed(f"source;path;sha256\n{NOV};;{SUM}\n") == [(NOV, "", SUM.lower())]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"source\n{NOV}\nc.csv\n", "line 3 of the manifest"),
        (f"source\r\n\r\n\r\n{NOV}\r\nc.csv\r\n", "line 5 of the manifest"),
        (f"source\r{NOV}\rc.csv\r", "line 3 of the manifest"),
        (f'source,path\n{NOV},"a\nb"\nc.csv,x\n', "line 4 of the manifest"),
        (f"source,sha256\n{NOV},abc\n", "line 2 of the manifest"),
        (f"source\n{NOV},more\n", "in line 2"),
        (f"source,,path\n{NOV},more,x\n", "in line 2"),
        (f'source\n{NOV}\n"{NOV}\n', "a quote that is not closed in line 3"),
        (f'source\n"{NOV}"x\n', "a quote that is not closed in line 2"),
        (f"source\n{NOV}" + ",x" * 40, "more than 32 fields in line 2"),
        (f"source\n{NOV}{'x' * 40_000}", "too long in line 2"),
        (f"source\n{NOV}\ns3://exports/M\u00e4rz".encode("cp1252"), "UTF-8 text in line 3"),
        (f"source\n{NOV}\n".encode("utf-16-le"), "the columns source, path, sha256 in line 1"),
        (codecs.BOM_UTF16_LE + b"s", "UTF-8 text in line 1"),
        (f'\n{{"source": "{NOV}"}}', "not a list of files, [{…}, …], in line 2"),
        ("path,source\n# a remark\n#1.csv,c.csv\n", "line 3 of the manifest"),
        (f"source\n{NOV}\n# {NOV}\n# x,c.csv\nc.csv\n", "line 5 of the manifest"),
        ("\n\nquelle;pfad\n", "does not begin with the columns source, path, sha256 in line 3"),
        ("", "does not begin with the columns"),
        ("source,source\n", "does not begin with the columns"),
        (f'[{{"source": "{NOV}"}},\n{{"source": "c.csv"}}]', "entry 2, line 2 of the manifest"),
        (f'[\n\n{{"source": "{NOV}", "to": "x"}}]', "entry 1 (line 3) with other names"),
        (f'[{{"source": "{NOV}", "source": "{NOV}"}}]', "entry 1"),
        (f'[{{"source": "{NOV}"}},]', "entry 2"),
        (f'[{{"source": "{NOV}"}}] x', "no JSON after entry 1"),
        (f'[{{"source": "{NOV}"}}', "no JSON after entry 1"),
        ('[{"source": 0}]', "entry 1 (line 1) with a value that is no text"),
    ],
)
def test_a_refusal_names_the_manifest_and_the_line(text: str | bytes, words: str) -> None:
    assert words in refusal(text).message


def large(head: bytes, piece: bytes, tail: bytes = b"") -> bytes:
    return head + piece * ((LARGEST - len(head) - len(tail)) // len(piece)) + tail


BOMBS: dict[str, Callable[[], bytes]] = {
    "rows": partial(large, b"source,path,sha256\n", f"{NOV},pay.csv,\n".encode()),
    "long rows": partial(large, b"source,path\n", f"{NOV},{'x' * 500}\n".encode()),
    "line breaks": partial(large, b"source\n", b"\n"),
    "returns": partial(large, b"source\r", b"\r"),
    "empty columns": partial(large, b"source\n", b" ,"),
    "empty rows": lambda: b"source,\n" + (b"," * 400 + b"\n") * (MOST_LINES - 2),
    "columns": partial(large, b"source,", b"path,"),
    "an open quote": partial(large, b'source\n"', b"a"),
    "quotes": partial(large, b'source\n"', b'""'),
    "a long name": partial(large, b"source\ns3://exports/", b"a"),
    "objects": partial(large, b"[", b"{},", b"{}]"),
    "lists": partial(large, b"[", b"[],", b"[]]"),
    "depth": partial(large, b"", b"["),
    "a list in an entry": partial(large, b'[{"source":[', b"[],", b"[]]}]"),
    "entries": partial(large, b"[", f'{{"source":"{NOV}"}},'.encode(), b"{}]"),
    "blanks": partial(large, b"[", b" "),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_of_eight_megabytes_no_more_is_held_than_the_text(bomb: str) -> None:
    data = BOMBS[bomb]()
    assert len(data) <= LARGEST
    tracemalloc.start()
    try:
        refusal(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * LARGEST


def test_ten_thousand_files_are_read_and_not_one_more() -> None:
    rows = f"{NOV}\n" * MOST
    assert len(parsed(f"source\n{rows}")) == MOST
    assert "more than 10,000 files" in refusal(f"source\n{rows}{NOV}\n").message
    entries = [{"source": NOV}] * MOST
    assert len(parsed(json.dumps(entries))) == MOST
    assert "more than 10,000 files" in refusal(json.dumps([*entries, {"source": NOV}])).message


def is_read_or_refused(data: bytes) -> bool:
    try:
        found = manifest.parse(data, NAME)
    except Permanent as error:
        return error.code in READ_CODES and NAME in error.message
    return all(item.source.key and item.place for item in found)


@settings(max_examples=500)
@given(
    st.binary(max_size=200)
    | st.text(st.sampled_from('source,path;\t\r\n "s3:/b.[]{}:*\ufeffé'), max_size=200).map(
        str.encode
    )
)
def test_whatever_stands_there_is_read_or_refused(data: bytes) -> None:
    assert is_read_or_refused(data)
    assert is_read_or_refused(b"source,path\n" + data)
    assert is_read_or_refused(b"[" + data)


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(st.lists(CELLS.filter(lambda text: text == text.strip()), min_size=1, max_size=20))
def test_what_a_csv_writer_writes_is_read_back(paths: list[str]) -> None:
    rows = [f'{NOV},"{path.replace(chr(34), chr(34) * 2)}"' for path in paths]
    assert [path for _, path, _ in parsed("\r\n".join(["source,path", *rows]))] == paths
