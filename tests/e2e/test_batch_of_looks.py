"""Batches whose looks are timelines, references and masks: each file is what `stylize` makes of it alone."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="the training extra is not installed")

import stylereel
from clips import make_clip
from interrupted_jobs import shown
from many_looks import many_pack, many_recipe
from stylereel.core.errors import ResumeError, UsageError
from stylereel.video.probe import probe
from toy_pictures import painting, write

KEYS = '[[key]]\nat = 0\nlook = "oil"\n[[key]]\nat = 0.4\nlook = "ink*0.5+chalk"\n'
RUN = {"runner": "onnxruntime", "threads": 1}


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return many_pack(tmp_path_factory.mktemp("packs") / "many", many_recipe()).folder


@pytest.fixture
def desk(tmp_path, pack, monkeypatch):
    """The current folder with a film, a mask, a timeline and two references."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLEREEL_PACKS", str(pack.parent))
    make_clip(tmp_path / "film.mkv", frames=12, size=(64, 48), lossless=True)
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 32:] = 255
    cv2.imwrite("mask.png", mask)
    (tmp_path / "looks.toml").write_text(KEYS, "utf-8")
    for seed, name in enumerate(("one", "two")):
        write(tmp_path / name / "painting.png", painting(seed, 160, 200))
    return tmp_path


def said(desk, *lines):
    options = ['source = "film.mkv"', 'output = "made"', 'runner = "onnxruntime"', "threads = 1"]
    (desk / "jobs.toml").write_text("\n".join([*options, *lines]), "utf-8")
    return desk / "jobs.toml"


def test_a_timeline_and_a_mask_of_a_job_are_those_of_stylize(desk):
    jobs = said(
        desk, 'styles = "many"', 'timeline = "looks.toml"', 'mask = "mask.png"', "mask-feather-px = 0"
    )
    (result,) = stylereel.batch(jobs).results
    assert result.state == "made", result.reason
    summary = stylereel.stylize(
        "film.mkv",
        "alone.mkv",
        style="many",
        timeline="looks.toml",
        mask="mask.png",
        mask_feather_px=0,
        **RUN,
    )
    assert shown(desk / "made" / "film-many.mkv") == shown(desk / "alone.mkv")
    assert summary.style == "many:oil, ink*0.5+chalk"
    for path in (desk / "alone.mkv", desk / "made" / "film-many.mkv"):
        with av.open(str(path)) as video:
            assert (
                "style 'many:oil, ink*0.5+chalk'"
                in {k.lower(): v for k, v in video.metadata.items()}["comment"]
            )
    assert stylereel.batch(jobs, resume=True).count("kept") == 1
    (desk / "looks.toml").write_text(KEYS.replace("0.4", "0.3"), "utf-8")
    with pytest.raises(ResumeError, match="timeline"):
        stylereel.batch(jobs, resume=True)


def test_a_timeline_that_cannot_be_is_told_before_anything_is_made(desk):
    (desk / "looks.toml").write_text(KEYS.replace("chalk", "chalc"), "utf-8")
    with pytest.raises(UsageError, match=r"\[\[key\]\] 2: Unknown look 'chalc'"):
        stylereel.batch(said(desk, 'styles = "many"', 'timeline = "looks.toml"'))
    assert not (desk / "made").exists()


def test_references_need_no_style_and_each_look_gets_a_file_of_its_own(desk, monkeypatch):
    monkeypatch.setattr("stylereel.actions.chosen_style.REFERENCE_PACK", "many")
    tables = ['[[job]]\nreference = "one/painting.png"', '[[job]]\nreference = "two/painting.png"']
    summary = stylereel.batch(said(desk, *tables))
    assert [result.state for result in summary.results] == ["made", "made"]
    assert sorted(path.name for path in (desk / "made").glob("film*")) == [
        "film-painting-2.mkv", "film-painting.mkv"
    ]  # fmt: skip
    stylereel.stylize("film.mkv", "alone.mkv", reference="two/painting.png", **RUN)
    assert shown(desk / "made" / "film-painting-2.mkv") == shown(desk / "alone.mkv")
    assert probe(desk / "made" / "film-painting.mkv").width == 64
    assert stylereel.batch(said(desk, *tables), resume=True).count("kept") == 2
