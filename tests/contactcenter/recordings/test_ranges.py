"""Parts of a file, by RFC 9110: what players send, and what makes no sense."""

import pytest

from contactcenter.recordings.ranges import UNSATISFIABLE, Part, wanted

TAG = "abc"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", Part(0, 99)),
        ("bytes=0-0", Part(0, 0)),
        ("bytes=10-19", Part(10, 19)),
        ("bytes=90-400", Part(90, 99)),
        ("bytes=-10", Part(90, 99)),
        ("bytes=-400", Part(0, 99)),
        ("BYTES=5-", Part(5, 99)),
        ("bytes=100-", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=-", None),
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("bytes=\u0661-\u0662", None),
        (f"bytes=0-{'9' * 5000}", None),
        ("seconds=0-5", None),
        ("", None),
    ],
)
def test_one_range_or_the_whole(header: str, expected: Part | None) -> None:
    assert wanted({"Range": header} if header else {}, size=100, tag=TAG) == expected


def test_a_part_of_another_file_is_not_continued() -> None:
    header = {"Range": "bytes=10-"}
    assert wanted({**header, "If-Range": '"abc"'}, size=100, tag=TAG) == Part(10, 99)
    assert wanted({**header, "If-Range": '"other"'}, size=100, tag=TAG) is None


def test_an_empty_file_has_no_part() -> None:
    assert (
        wanted({"Range": "bytes=0-"}, size=0, tag=TAG)
        == wanted({"Range": "bytes=-5"}, size=0, tag=TAG)
        == UNSATISFIABLE
    )
