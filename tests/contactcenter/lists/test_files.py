"""Uploaded files: how they may be written, and what is refused in words."""

import codecs
import io
import tracemalloc

import pytest

from contactcenter.errors import NotPossible
from contactcenter.lists import files

ROWS = 'Name;Phone\r\nJürgen Müller;+49 30 901820 10\r\nZoë;"030; 12"\r\n'
READ = [(2, ["Jürgen Müller", "+49 30 901820 10"]), (3, ["Zoë", "030; 12"])]


def read(content: bytes) -> files.ListFile:
    return files.read(io.BytesIO(content), len(content))


def all_rows(content: bytes) -> list[files.FileRow]:
    return [row for part in read(content).parts() for row in part]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (ROWS.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + ROWS.encode(), "UTF-8"),
        (ROWS.encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + ROWS.encode("utf-16-be"), "UTF-16"),
        (ROWS.encode("utf-16-le"), "UTF-16"),
        (ROWS.encode("cp1252"), "Windows-1252"),
    ],
)
def test_every_usual_encoding_gives_the_same_rows(content: bytes, encoding: str) -> None:
    found = read(content)
    assert (found.columns, found.facts) == (("Name", "Phone"), {"encoding": encoding, "separator": "semicolon"})
    assert all_rows(content) == READ


@pytest.mark.parametrize(("mark", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_the_separator_is_the_one_that_the_heading_uses(mark: str, name: str) -> None:
    content = mark.join(['"Name, first; last"', "Phone"]) + "\n" + mark.join(["Ann", "123"])
    assert read(content.encode()).facts["separator"] == name
    assert read(content.encode()).columns == ("Name, first; last", "Phone")
    assert all_rows(content.encode()) == [(2, ["Ann", "123"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_and_empty_rows_are_understood(end: str) -> None:
    content = end.join(["Name,Phone", "Ann,1", "", ",", "Ben,2"]).encode()
    assert all_rows(content) == [(2, ["Ann", "1"]), (5, ["Ben", "2"])]


def test_a_value_may_hold_a_line_break() -> None:
    assert all_rows(b'Name,Note\nAnn,"one\ntwo"\nBen,x\n') == [(2, ["Ann", "one\ntwo"]), (3, ["Ben", "x"])]


def test_columns_without_a_name_or_with_the_same_one_can_be_told_apart() -> None:
    assert read(b"Phone,,Phone,Phone\n1,2,3,4").columns == ("Phone", "Column 2", "Phone (2)", "Phone (3)")


def test_a_row_with_more_values_than_the_heading_is_named() -> None:
    assert files.values_of(["Name", "Phone"], ["Ann", "1", "extra"])[1] == "The row has 3 values, the heading 2."
    assert files.values_of(["Name", "Phone"], ["Ann", "1", ""]) == ({"Name": "Ann", "Phone": "1"}, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\n\n", "The file is empty"),
        (b"PK\x03\x04 and more", "This is a workbook, not a CSV file"),
        (b",".join([b"x"] * 300), "300 columns; at most 200"),
    ],
)
def test_what_is_no_list_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(NotPossible, match=words) as refused:
        read(content)
    assert refused.value.field == "file"


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(NotPossible, match="larger than 100 MB"):
        files.read(io.BytesIO(b"Name\n"), files.LARGEST_FILE + 1)


def test_a_quotation_mark_that_never_closes_names_its_row() -> None:
    content = b'Name,Phone\nAnn,1\nBen,"' + b"x" * 200_000
    with pytest.raises(NotPossible, match="Row 3 cannot be read"):
        all_rows(content)


def test_memory_stays_flat_however_long_the_file_is() -> None:
    content = io.BytesIO(b"Name,Phone\n" + b"".join(b"Person %d,+1212%07d\n" % (n, n) for n in range(60_000)))
    found = files.read(content, 1)
    tracemalloc.start()
    count = sum(len(part) for part in found.parts())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 3_000_000
