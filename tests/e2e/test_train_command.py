import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import toy_pictures as toy
from clips import make_clip
from stylereel.core.registry import family

RECIPES = family("stylereel.training.recipes")

TINY = (
    "data.content_short_side_px=[64, 96]",
    "unpaired.generator.detail_channels=12",
    "unpaired.generator.trunk_channels=16",
    "unpaired.generator.blocks=1",
    "unpaired.discriminator.channels=8",
    "unpaired.discriminator.layers=2",
    "unpaired.nce_patches=32",
)


def tiny() -> list[str]:
    """Options that make a run small: networks of few channels, crops of 48 px."""
    options = ["--crop", "48", "--batch", "2", "--threads", "1"]
    for setting in TINY:
        options += ["--set", setting]
    return options


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    toy.content_folder(folder / "content", 6)
    toy.style_folder(folder / "style", 6)
    return folder


def test_a_look_is_trained_and_put_on_a_clip(run, pictures, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "3")
    output = tmp_path / "my-style"
    result = run(
        "train", "unpaired", "--content", pictures / "content", "--content", clip,
        "--style", pictures / "style",
        "--output", output, "--license", "CC0-1.0", "--author", "A. Test", "--brush-size", 1.5,
        "--adversarial", "minimax", "--json", *tiny(),
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["finished"] and summary["total_steps"] == 3
    assert "is a style now" in result.stderr and "steps/s" in result.stderr and "g:" in result.stderr
    card = json.loads((output / "card.json").read_text())
    assert (card["license"], card["author"]) == ("CC0-1.0", "A. Test")
    assert card["training"]["settings"]["unpaired"]["adversarial"] == "minimax"
    assert card["training"]["settings"]["data"]["brush_size"] == 1.5
    styled = run("stylize", clip, tmp_path / "styled.mp4", "--style", output)
    assert styled.exit_code == 0, styled.stderr


def test_a_look_is_learned_from_a_video(run, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "1")
    film = make_clip(tmp_path / "film.mp4", frames=20)
    result = run(
        "train", "unpaired", "--content", pictures / "content", "--style", film,
        "--output", tmp_path / "look", *tiny(),
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "licence of the style pictures is unknown" in result.stderr


@pytest.mark.parametrize("recipe", RECIPES.names())
def test_every_recipe_has_a_command_whose_help_has_an_example_of_it(run, recipe):
    result = run("train", recipe, "--help")
    assert result.exit_code == 0, result.stderr
    assert f"Example: stylereel train {recipe} --content" in " ".join(result.stdout.split())


def test_a_look_is_trained_by_cyclegan_with_another_generator(run, pictures, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "2")
    output = tmp_path / "look"
    shape = (
        "generator.name=resnet",
        "generator.channels=4",
        "generator.blocks=1",
        "discriminator.channels=4",
    )
    result = run(
        "train", "cyclegan", "--content", pictures / "content", "--style", pictures / "style",
        "--output", output, "--crop", "48", "--batch", "2", "--threads", "1",
        "--set", "data.content_short_side_px=[64, 96]", *(f"--set=cyclegan.{setting}" for setting in shape),
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    card = json.loads((output / "card.json").read_text())
    assert card["generator"] == {"key": "resnet", "config": {"channels": 4, "blocks": 1}}
    for runner in ("openvino", "torch"):
        styled = run("stylize", clip, tmp_path / f"{runner}.mp4", "--style", output, "--runner", runner)
        assert styled.exit_code == 0, styled.stderr
    further = run("train", "unpaired", "--resume", "--output", output)
    assert further.exit_code == 2 and "stylereel train cyclegan" in " ".join(further.stderr.split())
    again = run("train", "cyclegan", "--resume", "--output", output)
    assert again.exit_code == 0, again.stderr


def test_a_look_is_learned_from_a_film_by_how_it_goes_on(run, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "2")
    film, content = (make_clip(tmp_path / name, frames=30, size=(128, 96)) for name in ("a.mp4", "b.mp4"))
    output = tmp_path / "look"
    small = ("recycle.generator.trunk_channels=16", "recycle.discriminator.channels=4")
    result = run(
        "train", "recycle", "--content", content, "--content", pictures / "content", "--style", film,
        "--output", output, "--crop", "48", "--batch", "2", "--threads", "1", "--license", "CC0-1.0",
        "--set", "data.content_short_side_px=[64, 96]", *(f"--set={setting}" for setting in small),
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "content: 6 picture(s) left out" in said and "runs of 12 consecutive frames of 1 video(s)" in said
    card = json.loads((output / "card.json").read_text())
    assert card["license"] == "CC0-1.0" and card["training"]["recipe"] == "recycle"
    assert [source["count"] for source in card["style_sources"]] == [1]


@pytest.mark.parametrize("without", ["content", "style"])
def test_recycle_says_that_it_needs_videos_on_both_sides(run, pictures, tmp_path, without):
    named = {
        role: make_clip(tmp_path / f"{role}.mp4", frames=30, size=(128, 96)) for role in ("content", "style")
    }
    named[without] = pictures / without
    result = run(
        "train", "recycle", "--content", named["content"], "--style", named["style"],
        "--output", tmp_path / "look",
    )  # fmt: skip
    assert result.exit_code == 3
    said = " ".join(result.stderr.split())
    assert f"No video for {without}" in said and "name a video" in said and "train cyclegan" in said
    assert not (tmp_path / "look").exists()


def started(*options, until):
    """A training process of its own that has said `until`, and what it said before."""
    code = "from stylereel.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "train", "unpaired", *map(str, options)],
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, hear(process, until)


def hear(process, until):
    """Read what the process says up to the line that holds `until`."""
    heard = ""
    for line in process.stderr:
        heard += line
        if until in line:
            return heard
    raise AssertionError(f"'{until}' was not said:\n{heard}")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["--content", "{content}", "--style", "{content}"], 3, "same or one holds the other"),
        (["--content", "{content}", "--style", "{empty}"], 3, "No pictures or videos for style"),
        (["--content", "{one}", "--style", "{style}"], 3, "Too few usable content pictures: got 1"),
        (["--content", "{content}", "--style", "{nowhere}"], 3, "does not exist"),
        (["--style", "{style}"], 2, "No content was named"),
        (
            ["--content", "{content}", "--style", "{style}", "--set", "data.crop=1"],
            2,
            "unknown key 'data.crop'",
        ),
        (["--content", "{content}", "--style", "{style}", "--adversarial", "hing"], 2, "hinge"),
        (["--preset", "vangohg"], 2, "Did you mean 'vangogh'"),
        (["--resume"], 3, "Nothing to resume"),
        (
            ["--content", "{content}", "--style", "{style}", "--steps", "2", "--init", "no-such-style"],
            2,
            "Unknown style 'no-such-style'",
        ),
        (
            ["--content", "{content}", "--style", "{style}", "--minutes", "1", "--steps", "2"],
            2,
            "give one of them",
        ),
    ],
)
def test_what_cannot_be_trained_is_said_and_nothing_is_made(
    run, pictures, tmp_path, arguments, exit_code, says
):
    (tmp_path / "empty").mkdir()
    toy.content_folder(tmp_path / "one", 1)
    places = {
        "content": pictures / "content",
        "style": pictures / "style",
        "empty": tmp_path / "empty",
        "one": tmp_path / "one",
        "nowhere": tmp_path / "nowhere",
    }
    filled = [argument.format(**places) for argument in arguments]
    result = run("train", "unpaired", "--output", tmp_path / "look", *filled)
    assert result.exit_code == exit_code, result.stderr
    assert says in " ".join(result.stderr.split())
    assert not (tmp_path / "look").exists()


def interrupted_twice(pictures: Path, output: Path, *length, until: str) -> str:
    """Two Ctrl-Cs to a training once it says `until`: it ends with 130; what it says after the second."""
    process, _ = started(
        "--content", pictures / "content", "--style", pictures / "style", "--output", output,
        *length, "--batch", 16, "--threads", 1, until=until,
    )  # fmt: skip
    process.send_signal(signal.SIGINT)
    heard = hear(process, "a second Ctrl-C")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, heard + rest
    return rest


@pytest.mark.slow
def test_a_second_ctrl_c_while_the_pace_is_measured_leaves_nothing(pictures, tmp_path):
    rest = interrupted_twice(pictures, tmp_path / "look", "--minutes", 5, until="Measuring the pace")
    assert "Nothing was left" in rest and "Traceback" not in rest
    assert not (tmp_path / "look").exists()


@pytest.mark.slow
def test_a_second_ctrl_c_while_training_keeps_the_last_checkpoint(pictures, tmp_path):
    rest = interrupted_twice(pictures, tmp_path / "look", "--steps", 5000, until="Preview")
    assert "--resume" in rest and "Traceback" not in rest
    assert (tmp_path / "look" / "run" / "checkpoint.pt").is_file()
    assert not list((tmp_path / "look" / "run").glob(".*"))


@pytest.mark.slow
def test_ctrl_c_leaves_a_run_that_resume_goes_on_with(pictures, tmp_path):
    output = tmp_path / "look"
    command = [sys.executable, "-c", "from stylereel.cli.main import main; main()", "train", "unpaired"]
    options = ["--content", str(pictures / "content"), "--style", str(pictures / "style"), "--steps", "5000"]
    process = subprocess.Popen(
        [*command, "--output", str(output), *options, *tiny()], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list((output / "run" / "previews").glob("*.png")) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "--resume" in said and (output / "run" / "checkpoint.pt").is_file()
    assert not (output / "card.json").exists()
    # The rest is 5,000 steps: enough to see that it goes on from where it was.
    process = subprocess.Popen(
        [*command, "--output", str(output), "--resume"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stderr is not None
    heard = ""
    for line in process.stderr:
        heard += line
        if "Going on at step" in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert "of 5000" in heard and process.returncode == 130
