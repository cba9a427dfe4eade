import json

import pytest

import stylereel
from toy_packs import toy_pack


def test_styles_lists_name_look_licence_and_size(run):
    result = run("styles")
    assert result.exit_code == 0
    for word in ("brush", "nameless", "negative", "plain", "A toy look.", "CC0-1.0", "unknown", "MB"):
        assert word in result.stdout


def test_styles_as_json_is_for_machines(run):
    listed = {style["name"]: style for style in json.loads(run("styles", "--json").stdout)}
    assert listed["nameless"]["license"] == "unknown" and listed["plain"]["origin"] == "user"


def test_a_style_is_shown_with_its_card_by_name_and_by_folder(run, styles):
    for style in ("negative", styles / "negative"):
        result = run("styles", "show", style)
        assert result.exit_code == 0 and "A. Painter" in result.stdout and "Museum of Toys" in result.stdout
    card = json.loads(run("styles", "show", "negative", "--json").stdout)
    assert card["schema_version"] == 1 and card["name"] == "negative"


def test_a_card_cannot_steer_the_terminal(run, tmp_path):
    toy_pack(tmp_path / "sly", description="\x1b[2J\x1b]0;owned\x07 look", training={"steps": "\x1b[31m5"})
    result = run("styles", "show", tmp_path / "sly")
    assert result.exit_code == 0 and "look" in result.stdout and "\x1b" not in result.stdout


def test_showing_an_unknown_style_suggests_the_nearest(run):
    result = run("styles", "show", "brsh")
    assert result.exit_code == 2 and "Did you mean 'brush'" in result.stderr


def test_the_doctor_tells_of_processor_runners_codecs_and_graphics(run):
    result = run("doctor")
    assert result.exit_code == 0, result.stderr
    for word in (
        "cpu",
        "openvino",
        "onnxruntime",
        "torch",
        "h264",
        "gpu",
        "what --runner auto takes",
        "brush",
    ):
        assert word in result.stdout
    report = json.loads(run("doctor", "--json").stdout)
    assert report["chosen_runner"] == "openvino" and report["codecs"]["h264"] is True


def test_the_version_is_shown(run):
    assert run("--version").stdout.strip() == f"stylereel {stylereel.__version__}"


@pytest.mark.parametrize("command", [[], ["stylize"], ["styles"], ["doctor"]])
def test_help_names_every_option_and_gives_examples(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    if command == ["stylize"]:
        options = (
            "style strength keep-colors max-side codec quality start end runner device overwrite json fps "
            "protect-text preset fit crop bit-depth input-format size pixel-format output-format"
        )
        for option in [*(f"--{name}" for name in options.split(" ")), "INPUT", "OUTPUT"]:
            assert option in result.stdout
    if command != ["doctor"]:
        assert "Examples" in result.stdout


def test_a_missing_option_exits_two(run, tmp_path):
    assert run("stylize", "a.mp4", tmp_path / "b.mp4").exit_code == 2
    assert run("stylise").exit_code == 2
