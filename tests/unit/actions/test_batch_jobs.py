"""JOBS.toml: what may stand in it, and where an error says that something is wrong."""

import pytest

from stylereel.actions.batch_jobs import read_jobs
from stylereel.core.errors import MissingInputError, UsageError

GOOD = """
styles = ["wave", "ukiyoe"]
output = "out"
strength = 0.5

[[job]]
source = "clips"
sizes = ["vertical", 1280]

[[job]]
source = ["a.mp4", "b.mp4"]
styles = "wave"
keep-colors = true
strength = 1
start = 00:00:05
"""


def written(folder, text):
    path = folder / "jobs.toml"
    path.write_text(text, "utf-8")
    return path


def test_defaults_lie_under_every_job_and_what_a_job_says_wins(tmp_path):
    (place, first), (_, second) = read_jobs(written(tmp_path, GOOD))
    assert place.endswith("jobs.toml, [[job]] 1")
    assert first.source == ("clips",) and first.styles == ("wave", "ukiyoe")
    assert first.sizes == ("vertical", "1280") and first.options == {"strength": 0.5}
    assert second.source == ("a.mp4", "b.mp4") and second.styles == ("wave",) and second.sizes == ()
    assert second.options == {"strength": 1, "keep_colors": True, "start": "00:00:05"}


def test_a_file_without_tables_is_one_job(tmp_path):
    jobs = read_jobs(written(tmp_path, 'source = "a.mp4"\nstyles = "wave"\noutput = "out"\n'))
    assert [job.source for _, job in jobs] == [("a.mp4",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("keep-colors", "kep-colors"), r"\[\[job\]\] 2, line 13: .*'kep_colors'.*'keep_colors'"),
        (GOOD.replace("strength = 0.5", "strenght = 0.5"), r"line 4: .*'strenght'.*Did you mean 'strength'"),
        (GOOD.replace("strength = 1", "strength = true"), r"\[\[job\]\] 2, line 14: 'strength' is True"),
        (GOOD.replace("[[job]]", "[[jobs]]"), r"line 6: unknown key 'jobs'. Did you mean '\[\[job\]\]'"),
        (GOOD.replace("[[job]]", "[job]", 1).split("[[job]]")[0], r"under the line \[\[job\]\]"),
        (GOOD.replace('source = "clips"', ""), r"\[\[job\]\] 1, line 6: 'source' is missing"),
        (GOOD.replace("1280]", "12.5]"), r"\[\[job\]\] 1, line 8: 'sizes\.1' is 12\.5"),
        ("styles = [", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_key(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        read_jobs(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MissingInputError, match=r"nowhere\.toml"):
        read_jobs(tmp_path / "nowhere.toml")
