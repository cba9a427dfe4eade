"""What the documents tell people to type works as written: commands, Python, make targets, links.

Each document runs in a folder with the files that the documents speak of; the styles that they name are toys.
Trainings are cut to three steps.
"""

import importlib.util
import re
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from clips import corners, make_clip, make_pictures
from stylereel.actions import demo as demo_action
from stylereel.cli.main import COMMANDS, build_app
from stylereel.packs.card import GeneratorSpec
from stylereel.packs.store import ONNX_NAME, WEIGHTS_NAME, save_pack
from stylereel.video.sample import make_sample
from toy_packs import toy_card, toy_pack

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EVERY_DOCUMENT = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
NEEDS_DATA = {"train": {"--preset", "--data"}}


def blocks(document: Path, languages: set[str]) -> list[str]:
    found = re.findall(r"^```(\w+)\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)
    return [text for language, text in found if language in languages]


def commands(document: Path) -> list[list[str]]:
    """Every `stylereel` line of shell blocks, with continued lines joined, as arguments."""
    lines = "\n".join(blocks(document, {"sh", "bash", "console"})).replace("\\\n", " ").splitlines()
    parsed = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in parsed if words and words[0] == "stylereel"]


def photographs(folder: Path, count: int, seed: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for index in range(count):
        coarse = rng.uniform(0, 255, (12, 16, 3)).astype(np.uint8)
        cv2.imwrite(
            str(folder / f"{index}.jpg"), cv2.resize(coarse, (384, 288), interpolation=cv2.INTER_CUBIC)
        )
    return folder


@pytest.fixture(scope="session")
def stocked(tmp_path_factory) -> Path:
    """A folder with every file that the documents name and do not show."""
    folder = tmp_path_factory.mktemp("documents") / "stock"
    folder.mkdir()
    make_clip(folder / "in.mp4", frames=15, size=(96, 64), audio=True)
    for name in ("holiday.mp4", "my-film.mp4", "animation.mp4"):
        make_clip(folder / name, frames=24, size=(320, 288))
    (folder / "clips").mkdir()
    for name in ("shoes.mp4", "coats.mp4"):
        make_clip(folder / "clips" / name, frames=5, size=(96, 64), audio=True)
    make_pictures(folder / "frames", 4)
    make_clip(folder / "mask.mp4", frames=15, size=(48, 32), paint=corners)
    cv2.imwrite(str(folder / "mask.png"), corners(0, 96, 64))
    photographs(folder / "my-photos", 6, seed=1)
    photographs(folder / "my-paintings", 3, seed=2)
    shutil.copy(folder / "my-paintings" / "0.jpg", folder / "photo.jpg")
    shutil.copy(folder / "my-paintings" / "1.jpg", folder / "painting.jpg")
    styles = folder / "styles"
    styles.mkdir()
    for name in ("vangogh", "ukiyoe", "wave"):
        toy_pack(styles / name, "conv")
    toy_pack(folder / "my-style", "conv")
    return folder


@pytest.fixture
def desk(stocked, tmp_path, monkeypatch) -> Path:
    """This document's own copy, as the current folder."""
    folder = Path(shutil.copytree(stocked, tmp_path / "desk"))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STYLEREEL_PACKS", str(folder / "styles"))
    monkeypatch.setenv("STYLEREEL_MAX_STEPS", "3")
    monkeypatch.delenv("STYLEREEL_DATA", raising=False)
    pictures = [cv2.imread(str(file))[..., ::-1] for file in sorted((folder / "my-photos").iterdir())[:3]]
    monkeypatch.setattr(demo_action, "sample_photographs", lambda: pictures)
    if importlib.util.find_spec("fastapi") is not None:
        _let_studios_end_at_once(monkeypatch)
    monkeypatch.setattr(
        demo_action, "make_sample", lambda path, shots: make_sample(path, shots, size=(64, 36), seconds=0.6)
    )
    return folder


def _let_studios_end_at_once(monkeypatch) -> None:
    """They take their options, a port and their folder, and are ended before the first request."""
    from stylereel.studio import serving

    monkeypatch.setattr(serving, "bound_socket", lambda settings: socket.create_server(("127.0.0.1", 0)))
    monkeypatch.setattr(serving.StudioServer, "run", lambda self, sockets: setattr(self, "started", True))


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if commands(path)], ids=lambda path: path.name
)
def test_the_commands_of_a_document_work_as_written(document, desk):
    app, done = build_app(), 0
    for text in blocks(document, {"toml"}):
        if name := re.match(r"# ([\w-]+\.toml)\n", text):
            (desk / name[1]).write_text(text, "utf-8")
    for words in commands(document):
        if NEEDS_DATA.get(words[0], {"--data"}) & set(words):
            continue
        if words[0] in ("studio", "serve"):
            pytest.importorskip("fastapi", reason="the studio extra is not installed")
        if words[0] == "train":
            pytest.importorskip("torch", reason="the training extra is not installed")
            _make_ready(words)
        words, target = _redirected(words)
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, f"stylereel {shlex.join(words)}\n{result.output[-2000:]}"
        if target:
            Path(target).write_text(result.stdout, "utf-8")
        done += 1
    assert done


def _redirected(words: list[str]) -> tuple[list[str], str | None]:
    """The command, and the file that its output goes to where a `>` says so."""
    return (words[:-2], words[-1]) if ">" in words else (words, None)


def _make_ready(words: list[str]) -> None:
    """A new training may not find the toy of its output's name; --init needs weights of the real shape."""
    if "--output" in words and not {"--resume", "--overwrite"} & set(words):
        shutil.rmtree(words[words.index("--output") + 1], ignore_errors=True)
    if "--init" in words:
        name = words[words.index("--init") + 1]
        _untrained_pack(Path(name) if "/" in name else Path("styles") / name)


def _untrained_pack(folder: Path) -> None:
    from safetensors.torch import save

    from stylereel.export.onnx import export_onnx
    from stylereel.networks.generators.light import Generator

    generator = Generator().eval()
    spec = GeneratorSpec(key="light", config=generator.config.model_dump(mode="json"))
    card = toy_card(folder.name, generator=spec, size_multiple=generator.size_multiple)
    weights = save({name: value.contiguous() for name, value in generator.state_dict().items()})
    save_pack(folder, card, {WEIGHTS_NAME: weights, ONNX_NAME: export_onnx(generator)}, overwrite=True)


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if blocks(path, {"python"})], ids=lambda path: path.name
)
def test_the_python_of_a_document_works_as_written(document, desk):
    names = {"frame": np.full((48, 64, 3), 90, np.uint8)}
    for text in blocks(document, {"python"}):
        exec(compile(text, str(document), "exec"), names)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_every_make_target_that_is_told_of_exists():
    text = "\n".join(path.read_text("utf-8") for path in EVERY_DOCUMENT)
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M))
    assert targets >= {"demo", "test", "install", "check"}
    subprocess.run(["make", "--dry-run", *sorted(targets)], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("document", EVERY_DOCUMENT, ids=lambda path: path.name)
def test_every_link_inside_the_project_leads_somewhere(document):
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    dead = []
    for link in links:
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_command_has_a_page():
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    assert not [name for name in COMMANDS if f"stylereel {name}" not in text]


def test_the_objectives_page_names_every_weight_of_every_baseline():
    pytest.importorskip("torch", reason="the training extra is not installed")
    from stylereel.training.settings import RECIPES

    text = (ROOT / "docs" / "objectives.md").read_text("utf-8")
    for name in set(RECIPES.names()) - {"unpaired"}:
        section = text.split(f"### {name}\n")[1].split("\n###")[0]
        weights = {field for field in RECIPES.load(name).Config.model_fields if field.endswith("_weight")}
        assert weights <= set(re.findall(r"`(\w+)`", section)), name


def test_the_objectives_page_names_every_weight_of_the_recipe_and_no_other():
    pytest.importorskip("torch", reason="the training extra is not installed")
    from stylereel.losses.adversarial import OBJECTIVES
    from stylereel.training.recipes.unpaired import Config

    text = (ROOT / "docs" / "objectives.md").read_text("utf-8")
    told = set(re.findall(r"`(\w+)`", text.split("| term")[1].split("Defaults")[0]))
    assert told <= set(Config.model_fields)
    assert {name for name in Config.model_fields if name.endswith("_weight")} <= told
    assert all(f"**`{name}`**" in text for name in OBJECTIVES)
