"""Files of hashes as other exchanges write them: what is read, and what is rejected and why."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.rules.banks.importing.target import read_items
from scoring.rules.lists.errors import UnreadableListFile
from scoring.rules.lists.importing.lines import GoodLine, LineDefaults, RejectedLine
from tests.factories.banks import NOW, TOMORROW, bank_definition, differing, pdq

ONE, TWO = pdq(1), pdq(2)
DEFAULTS = LineDefaults("from a file", TOMORROW, "list.csv")


def read(text: str | bytes, **given: Any) -> list[GoodLine | RejectedLine]:
    file = io.BufferedReader(io.BytesIO(text.encode() if isinstance(text, str) else text))  # type: ignore[type-var]
    return list(read_items(file, bank_definition(**given), defaults=DEFAULTS, now=NOW))


def reasons(lines: list[GoodLine | RejectedLine]) -> list[tuple[int, str]]:
    return [(line.number, line.reason) for line in lines if isinstance(line, RejectedLine)]


def test_plain_text_has_a_hash_a_line_and_perhaps_its_quality() -> None:
    first, second = read(f"# a comment\n{ONE.upper()}\n\n{TWO},98\n")
    assert isinstance(first, GoodLine)
    assert isinstance(second, GoodLine)
    assert (first.number, first.value.hash, first.value.quality) == (2, ONE, None)
    assert (second.number, second.value.hash, second.value.quality) == (4, TWO, 98)
    assert (first.value.source, first.value.reason) == ("list.csv", "from a file")
    assert first.value.expires_at == TOMORROW


def test_plain_text_begins_with_its_first_hash() -> None:
    assert [line.number for line in read(f"{ONE}\n{TWO}\n")] == [1, 2]


@pytest.mark.parametrize("header", ["hash;quality", "PDQ Hash;Quality", "\ufeffpdq;hash-quality"])
def test_csv_names_its_columns_in_any_of_their_spellings(header: str) -> None:
    [line] = read(f"{header};extra\n{ONE};77.0;ignored\n")
    assert isinstance(line, GoodLine)
    assert (line.number, line.value.hash, line.value.quality) == (2, ONE, 77)


def test_csv_gives_every_part_of_an_item() -> None:
    media = "a" * 64
    [line] = read(
        "hash,quality,source,reason,expires_at,tags,media,other\n"
        f"{ONE},90,StopNCII,reported,2027-01-31,NCII x,{media},1\n"
    )
    assert isinstance(line, GoodLine)
    item = line.value
    assert (item.source, item.reason, item.tags, item.media) == ("StopNCII", "reported", ("ncii", "x"), media)
    assert item.expires_at == datetime(2027, 2, 1, tzinfo=UTC)


def test_bad_lines_are_rejected_with_number_and_reason() -> None:
    rows = ("xyz,,", f"{ONE},200,", f"{ONE},12,", f"{ONE},good,", f"{ONE},,yesterday", "0" * 64, f"{TWO},,")
    lines = read("\n".join(("hash,quality,expires_at", *rows)))
    told = dict(reasons(lines))
    assert list(told) == [2, 3, 4, 5, 6, 7]
    assert told[2] == "hash 'xyz' is not a PDQ hash (allowed: 64 hexadecimal digits, a PDQ hash)"
    assert "quality is 200 (allowed: 0 to 100" in told[3]
    assert "quality is 12 (allowed: at least 50, the minimum of this bank)" in told[4]
    assert "quality 'good' is not a quality" in told[5]
    assert "expires_at 'yesterday' is not a time" in told[6]
    assert "is the hash of an empty picture" in told[7]
    assert isinstance(lines[-1], GoodLine)


def test_a_rejected_line_keeps_its_cells_to_be_corrected() -> None:
    [line] = read("hash,quality,reason\nxyz,80,why\n")
    assert isinstance(line, RejectedLine)
    assert line.cells == ("xyz", "80", "", "why", "", "", "")


def threat_exchange(*indicators: Any) -> str:
    return json.dumps({"data": list(indicators), "paging": {"cursors": {"after": "x"}}}, indent=1)


def test_threat_exchange_descriptors_are_read_with_tags_owner_and_expiry() -> None:
    [line] = read(
        threat_exchange(
            {
                "id": "1",
                "type": "HASH_PDQ",
                "indicator": {"id": "2", "indicator": ONE},
                "status": "MALICIOUS",
                "description": "a known picture",
                "owner": {"id": "3", "name": "Partner"},
                "tags": {"data": [{"id": "4", "text": "media_priority:s0"}, {"text": "NCII"}]},
                "expired_on": "2027-01-01T00:00:00+0000",
            }
        )
    )
    assert isinstance(line, GoodLine)
    item = line.value
    assert (item.hash, item.source, item.reason) == (ONE, "Partner", "a known picture")
    assert item.tags == ("media_priority-s0", "ncii")
    assert item.expires_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_threat_exchange_updates_are_read_and_what_does_not_belong_is_rejected() -> None:
    lines = read(
        threat_exchange(
            {"id": 1, "type": "HASH_PDQ", "indicator": ONE, "tags": ["a"], "expired_on": 1_893_456_000},
            {"id": 2, "type": "HASH_MD5", "indicator": "0" * 32},
            {"id": 3, "type": "HASH_PDQ", "indicator": TWO, "status": "NON_MALICIOUS"},
            {"id": 4, "type": "HASH_PDQ", "indicator": TWO, "should_delete": True},
            "text",
        )
    )
    assert isinstance(lines[0], GoodLine)
    assert lines[0].value.expires_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert reasons(lines) == [
        (2, "type is HASH_MD5 (allowed: HASH_PDQ, or VPDQ for videos)"),
        (3, "status is NON_MALICIOUS (allowed: indicators of what is harmful)"),
        (4, "should_delete is true (allowed: indicators that still hold)"),
        (5, "indicator is not an object (allowed: an object with indicator and type)"),
    ]


def test_json_may_be_a_plain_list_or_one_indicator_a_line() -> None:
    one, two = ({"type": "HASH_PDQ", "indicator": each} for each in (ONE, TWO))
    as_lines = f"{json.dumps(one)}\n\nnot json\n{json.dumps(two)}\n"
    assert [type(line) for line in read(json.dumps([one, two]))] == [GoodLine, GoodLine]
    assert [type(line) for line in read(as_lines)] == [GoodLine, RejectedLine, GoodLine]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no column of hashes (its first line has nothing)"),
        (b"name,size\na,b\n", "has no column of hashes (its first line has name, size)"),
        ("hash\n".encode("utf-16"), "is not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text in UTF-8"),
        (b'{"data": [', "is not JSON"),
        (b'{"data": 7}', "has no list of indicators"),
        (b'hash\n"never closed\n' + b"x\n" * 20_000, "has no end of the row"),
    ],
)
def test_a_file_of_something_else_is_refused_as_a_whole(content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableListFile) as refused:
        read(content)
    assert problem in str(refused.value)
    assert refused.value.allowed


FRAMES = (f"{ONE},100,0.000", f"{TWO},98,1.000")


@pytest.mark.parametrize(
    "text",
    [
        f"0,100,{ONE},0.000\n30,98,{TWO},1.000\n",
        f"{ONE.upper()},100,0\n{TWO},98,1.0\n",
        json.dumps([f"{ONE},100,0.0", f"{TWO},98,1.0"]),
        json.dumps({"data": [{"type": "VPDQ", "indicator": FRAMES}]}),
        json.dumps([{"type": "vpdq", "indicator": json.dumps(FRAMES)}]),
    ],
)
def test_a_video_is_read_as_vpdq_writes_it(text: str) -> None:
    [line] = read(text)
    assert isinstance(line, GoodLine)
    assert (line.value.frames, line.value.quality, line.value.reason) == (FRAMES, None, "from a file")
    assert line.value.hash not in (ONE, TWO)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"0,100,{ONE},0.0\nnonsense\n", "frames has 'nonsense' as frame 2"),
        (f"0,101,{ONE},0.0\n", "frames has the quality 101 in frame 1"),
        (f"0,49,{ONE},0.0\n", "frames has no frame of a quality above 49"),
        (json.dumps([{"type": "VPDQ", "indicator": "nonsense"}]), "indicator is not a list of frames"),
        ("\n".join(f"{pdq(n)},100,{n}" for n in range(1_501)), "frames has 1,501 different frames"),
    ],
)
def test_a_video_that_cannot_be_added_is_rejected(text: str, told: str) -> None:
    [(_, reason)] = reasons(read(text))
    assert told in reason


def test_of_a_video_frames_that_hardly_differ_are_left_out() -> None:
    texts = [ONE, differing(ONE, 4), differing(ONE, 5), TWO, ONE]
    [line] = read("\n".join(f"{text},{90 + at},{at}.0" for at, text in enumerate(texts)))
    assert isinstance(line, GoodLine)
    kept = [f"{ONE},94,0.000", f"{differing(ONE, 5)},92,2.000", f"{TWO},93,3.000"]
    assert list(line.value.frames) == kept


def test_a_list_that_is_not_of_frames_is_refused() -> None:
    with pytest.raises(UnreadableListFile, match="has frames that are not texts"):
        read('["a", 1]')
