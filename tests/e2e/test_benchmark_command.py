"""`stylereel benchmark`, on small sizes: every part has a figure, and the figures fit together."""

import json

import pytest


def test_every_part_has_a_figure_and_the_whole_fits_them(run):
    result = run("benchmark", "--size", "96x64", "--runner", "openvino", "--seconds", "0.6", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    (size,) = report["sizes"]
    assert (size["width"], size["height"], size["frames"]) == (96, 64, 15)
    assert list(size["network_ms"]) == ["openvino"] and report["runner"] == "openvino"
    assert min(size[name] for name in ("reading_ms", "painting_ms", "writing_ms", "startup_seconds")) > 0
    assert size["frames_per_second"] == pytest.approx(1000 / size["whole_ms"])
    parts = size["reading_ms"] + size["painting_ms"] + size["writing_ms"]
    assert size["whole_over_parts"] == pytest.approx(size["whole_ms"] / parts)
    assert size["peak_mb"] is None or size["peak_mb"] > 50
    assert "% of the work" in size["limit"]


def test_the_table_has_a_column_for_each_size_and_fits_a_terminal(run):
    sizes = ("--size", "64x64", "--size", "96x64")
    result = run("benchmark", *sizes, "--runner", "openvino", "--seconds", "0.4", "--stabilize", "0.7")
    assert result.exit_code == 0, result.output
    assert "64x64" in result.stdout and "96x64" in result.stdout and "file to file" in result.stdout
    assert max(map(len, result.stdout.splitlines()[1:-2])) <= 80


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--size", "640"), "width x height"),
        (("--size", "641x360"), "even"),
        (("--seconds", "0"), "seconds"),
        (("--style", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_measured_is_said(run, arguments, word):
    result = run("benchmark", *arguments)
    assert result.exit_code == 2 and word in result.output
