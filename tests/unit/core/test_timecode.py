import pytest

from stylereel.core.errors import UsageError
from stylereel.core.timecode import format_seconds, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", 12.5),
        ("0", 0),
        (7, 7),
        (0.25, 0.25),
        ("1:30", 90),
        ("90:00", 5400),
        ("00:01:02.500", 62.5),
        ("100:00:00", 360000),
        (None, None),
    ],
)
def test_seconds_and_clock_times_are_read(text, seconds):
    assert parse_seconds(text, "--start") == seconds


@pytest.mark.parametrize(
    "text", ["-1", "abc", "1:2:3:4", "00:61:00", "0:00:75", "", "nan", "inf", "1e3", -0.5]
)
def test_what_is_no_time_is_refused_with_how_to_write_one(text):
    with pytest.raises(UsageError, match=r"--start is .*HH:MM:SS"):
        parse_seconds(text, "--start")


def test_times_for_people():
    assert [format_seconds(s) for s in (0, 59.6, 61, 3661)] == ["0:00", "1:00", "1:01", "1:01:01"]
