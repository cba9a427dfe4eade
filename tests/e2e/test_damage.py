"""Damaged and truncated sources are stylised as far as they go, and told of."""

import json

from clips import make_damaged, make_truncated


def test_a_damaged_stretch_is_bridged_counted_and_told(run, tmp_path):
    source = make_damaged(tmp_path / "in.mp4")
    result = run("stylize", source, tmp_path / "out.mp4", "-s", "plain", "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["frames"] == 30 and summary["concealed_frames"] >= 1
    assert f"{summary['concealed_frames']} lost frame" in result.stderr


def test_a_truncated_file_is_stylised_as_far_as_it_goes_with_exit_code_zero(run, tmp_path):
    source = make_truncated(tmp_path / "in.mp4")
    result = run("stylize", source, tmp_path / "out.mp4", "-s", "plain", "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert 0 < summary["frames"] < 30
    assert summary["is_truncated"] and "truncated" in result.stderr
