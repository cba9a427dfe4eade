"""A timeline's file: what may be written, and what is said of what may not."""

import pytest

from stylereel.actions.timeline_file import read_timeline
from stylereel.core.errors import MissingInputError, UsageError

GOOD = """
style = "atelier"
easing = "linear"
snap_to_cuts = 0.5

[[key]]
at = "0:00"
look = "vangogh"

[[key]]
at = 00:00:02.500
look = "vangogh*0.7+ukiyoe*0.3"
strength = 1
keep-colors = true
easing = "hold"

[[key]]
at = "50%"
look = "ukiyoe"
strength = 0.25
keep_colors = 0.5
"""


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "looks.toml"
    path.write_text(GOOD, "utf-8")
    found = read_timeline(path)
    assert (found.style, found.snap_seconds) == ("atelier", 0.5)
    assert [(key.seconds, key.share, key.easing) for key in found.keys] == [
        (0.0, None, "linear"),
        (2.5, None, "hold"),
        (None, 0.5, "linear"),
    ]
    assert [(key.look, key.strength, key.keep_colors) for key in found.keys] == [
        ("vangogh", None, None),
        ("vangogh*0.7+ukiyoe*0.3", 1.0, 1.0),
        ("ukiyoe", 0.25, 0.5),
    ]


def test_a_mapping_says_the_same_as_a_file_and_both_have_one_text(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('[[key]]\nat = 1\n\n[[key]]\nat = "2"\nstrength = 0.5\n', "utf-8")
    mapping = {"key": ({"at": 1}, {"at": "2", "strength": 0.5})}
    assert str(read_timeline(path)) == str(read_timeline(mapping))
    assert str(read_timeline(mapping)) != str(read_timeline({"key": [{"at": 1}]}))
    assert read_timeline(None) is None and read_timeline(read_timeline(mapping)) == read_timeline(mapping)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"looks\.toml: a timeline has at least one key"),
        ("key = 3", "has at least one key"),
        ("[key]\nat = 1", "has at least one key"),
        ("[[key]]\nat = ", r"looks\.toml is not valid TOML"),
        ("esing = 'hold'\n[[key]]\nat = 1", r"line 1: unknown key 'esing'\. Did you mean 'easing'"),
        ("easing = 'smoth'\n[[key]]\nat = 1", r"line 1: Unknown easing 'smoth'\. Did you mean 'smooth'"),
        ("easing = 3\n[[key]]\nat = 1", "'easing' is 3: Input should be a valid string"),
        ("snap_to_cuts = true\n[[key]]\nat = 1", "line 1: snap_to_cuts is true: write within how many"),
        ("snap_to_cuts = -1.0\n[[key]]\nat = 1", r"snap_to_cuts is -1\.0"),
        ("[[key]]\nlook = 'a'", r"\[\[key\]\] 1, line 1: 'at' is missing"),
        (
            "[[key]]\nat = 1\n\n[[key]]\nat = 2\nstrenght = 1",
            r"\[\[key\]\] 2, line 6: unknown key 'strenght'",
        ),
        (
            "[[key]]\nat = 1\nstrength = 1.5",
            r"key\]\] 1, line 3: 'strength' is 1\.5: .*less than or equal to 1",
        ),
        ("[[key]]\nat = 1\nkeep_colors = -0.1", r"'keep_colors' is -0\.1"),
        ("[[key]]\nat = 1\nkeep_colors = 'yes'", "'keep_colors' is 'yes'"),
        ("[[key]]\nat = 1\nstrength = nan", "'strength' is nan"),
        ("[[key]]\nat = 1\nlook = 2", "'look' is 2: Input should be a valid string"),
        ("[[key]]\nat = 1\neasing = 'holt'", r"line 3: Unknown easing 'holt'\. Did you mean 'hold'"),
        ("[[key]]\nat = -1", r"line 2: at is '-1.*': write seconds .* Or a share of the source, such as 50%"),
        ("[[key]]\nat = 'soon'", "at is 'soon'"),
        ("[[key]]\nat = '101%'", r"at is '101%': a source ends at 100%"),
        ("[[key]]\nat = 2\n[[key]]\nat = 1", r"\[\[key\]\] 2: at is 1.* before the key above it \(2"),
        ("[[key]]\nat = 2\n[[key]]\nat = '0:02'", "at is 0:02 .2 s., at the same time as the key above it"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_key_and_line(tmp_path, text, says):
    path = tmp_path / "looks.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=says):
        read_timeline(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MissingInputError, match="check the path"):
        read_timeline(tmp_path / "none.toml")


def test_a_timeline_that_is_not_there_is_called_one(tmp_path):
    with pytest.raises(MissingInputError, match=r"No timeline at .*none\.toml: check the path"):
        read_timeline(tmp_path / "none.toml")
