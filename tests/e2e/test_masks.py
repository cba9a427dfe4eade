"""`--mask`: the look where it is white, the source or another look elsewhere, however the job is shaped."""

import shutil
from fractions import Fraction

import cv2
import numpy as np
import pytest

import stylereel
from clips import make_clip, smooth
from interrupted_jobs import done, job, shown, stopped_after
from stylereel.core.errors import MissingInputError, OutputError, ResumeError, UsageError
from stylereel.inference.compositing import blend


def sliding(index, width, height):
    """White from a column on that moves on with every frame."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, 8 + 2 * index :] = 255
    return picture


def film(folder, count, paint, size=(64, 48)):
    """A folder of pictures, so that what comes out is what went in, bit for bit."""
    folder.mkdir()
    for index in range(count):
        cv2.imwrite(str(folder / f"{index:03}.png"), paint(index, *size)[..., ::-1])
    return folder


def read(folder):
    return [cv2.imread(str(path))[..., ::-1] for path in sorted(folder.iterdir())]


@pytest.fixture
def stylize(styles, monkeypatch):
    """`stylize` with the toy styles, for a film of pictures into a folder."""
    monkeypatch.setenv("STYLEREEL_PACKS", str(styles))

    def run(source, output, style="negative", **settings):
        return stylereel.stylize(source, output, style=style, runner="onnxruntime", threads=1, **settings)

    return run


def test_inside_is_the_look_and_outside_the_source_bit_for_bit_beyond_the_feather(stylize, tmp_path):
    source, mask = film(tmp_path / "in", 5, smooth), film(tmp_path / "mask", 5, sliding)
    stylize(source, tmp_path / "look", style="brush", fps=25)
    stylize(source, tmp_path / "out", style="brush", fps=25, mask=mask, mask_feather_px=3)
    rows = zip(read(source), read(tmp_path / "look"), read(tmp_path / "out"), strict=True)
    for index, (plain, look, result) in enumerate(rows):
        edge = 8 + 2 * index
        assert (result[:, : edge - 3] == plain[:, : edge - 3]).all()
        assert (result[:, edge + 3 :] == look[:, edge + 3 :]).all()
        low, high = np.minimum(plain, look).astype(int) - 1, np.maximum(plain, look).astype(int) + 1
        assert ((low <= result) & (result <= high)).all()


def test_inverted_and_with_another_look_outside_it_is_the_other_way_round(stylize, tmp_path):
    source, mask = film(tmp_path / "in", 3, smooth), film(tmp_path / "mask", 3, sliding)
    hard = {"fps": 25, "mask": mask, "mask_feather_px": 0}
    stylize(source, tmp_path / "one", style="brush", outside="negative", **hard)
    stylize(source, tmp_path / "other", style="negative", outside="brush", mask_invert=True, **hard)
    stylize(source, tmp_path / "brush", style="brush", fps=25)
    assert all((a == b).all() for a, b in zip(read(tmp_path / "one"), read(tmp_path / "other"), strict=True))
    rows = zip(read(source), read(tmp_path / "brush"), read(tmp_path / "one"), strict=True)
    for index, (plain, look, result) in enumerate(rows):
        edge = 8 + 2 * index
        assert (result[:, :edge] == 255 - plain[:, :edge]).all() and (
            result[:, edge:] == look[:, edge:]
        ).all()


def test_strength_goes_for_what_is_inside_alone_where_the_source_is_outside(stylize, tmp_path):
    cv2.imwrite(str(tmp_path / "in.png"), smooth(0, 64, 48)[..., ::-1])
    cv2.imwrite(str(tmp_path / "mask.png"), sliding(0, 64, 48))
    given = {"mask": tmp_path / "mask.png", "mask_feather_px": 0, "strength": 0.5}
    stylize(tmp_path / "in.png", tmp_path / "out.png", **given)
    plain, result = (cv2.imread(str(tmp_path / name)) for name in ("in.png", "out.png"))
    assert (result[:, :8] == plain[:, :8]).all()
    assert (result[:, 8:] == blend(plain, 255 - plain, 0.5)[:, 8:]).all()


@pytest.mark.parametrize("shape", [{"crop": "32x32+16+8"}, {"max_side": 32}, {"preset": "square"}])
def test_the_mask_goes_through_the_same_crop_and_scale_as_the_source_it_was_drawn_over(
    stylize, tmp_path, shape
):
    source = make_clip(tmp_path / "in.mp4", frames=3, lossless=True)
    mask = make_clip(tmp_path / "mask.mp4", frames=3, paint=lambda i, w, h: sliding(12, w, h), lossless=True)
    if "preset" in shape:
        shape = {**shape, "fit": "pad", "quality": 90}
    ending = ".mp4" if "preset" in shape else ""
    stylize(source, tmp_path / f"look{ending}", **shape)
    stylize(source, tmp_path / f"plain{ending}", strength=0, **shape)
    stylize(source, tmp_path / f"out{ending}", mask=mask, mask_feather_px=0, **shape)
    look, plain, out = (shown_pixels(tmp_path / f"{name}{ending}") for name in ("look", "plain", "out"))
    middle, reach = {"crop": (0.5, 1), "max_side": (0.5, 1), "preset": (0.5, 24)}[next(iter(shape))]
    edge = round(out.shape[1] * middle)
    for part, expected in ((slice(0, edge - reach), plain), (slice(edge + reach, None), look)):
        assert np.abs(out[:, part].astype(int) - expected[:, part]).max() <= (12 if ending else 0)


def shown_pixels(path):
    if path.is_dir():
        return read(path)[1]
    with stylereel.FrameReader(path) as reader:
        return [frame.pixels for frame in reader][1]


def test_another_rate_takes_each_frame_s_mask_with_it(stylize, tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=4, rate=10, lossless=True)
    mask = make_clip(tmp_path / "mask.mp4", frames=4, rate=10, paint=sliding, lossless=True)
    stylize(source, tmp_path / "plain", strength=0, fps=20)
    stylize(source, tmp_path / "out", mask=mask, mask_feather_px=0, fps=20)
    rows = zip(read(tmp_path / "plain"), read(tmp_path / "out"), strict=True)
    for index, (plain, result) in enumerate(rows):
        edge = 8 + 2 * (index // 2)
        assert (result[:, :edge] == plain[:, :edge]).all()
        assert (result[:, edge:] == 255 - plain[:, edge:]).all()


def test_more_than_8_bits_and_transparency_stay_beside_the_look(stylize, tmp_path):
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "in.png"), np.dstack([ramp, ramp[::-1], ramp, np.maximum(ramp, 9000)]))
    cv2.imwrite(str(tmp_path / "mask.png"), sliding(12, 64, 48))
    given = {"bit_depth": 16, "strength": 0}
    stylize(tmp_path / "in.png", tmp_path / "plain.png", **given)
    stylize(
        tmp_path / "in.png", tmp_path / "out.png", mask=tmp_path / "mask.png", bit_depth=16, mask_feather_px=0
    )
    plain, out = (cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED) for name in ("plain.png", "out.png"))
    assert out.dtype == np.uint16 and (out[:, :32] == plain[:, :32]).all()
    assert (out[..., 3] == plain[..., 3]).all() and (out[:, 32:, :3] != plain[:, 32:, :3]).any()


@pytest.mark.parametrize("stop", [13, 37])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"outside": "negative", "protect_text": True},
        {"fps": 20, "outside": "brush"},
        {"start": 0.3, "strength": 0.8, "bit_depth": 10, "codec": "ffv1"},
    ],
)
def test_a_masked_job_that_was_stopped_goes_on_frame_for_frame(small, tmp_path, settings, stop):
    times = [int(time) for time in np.cumsum([40, 3, 90, 40, 41, 7] * 10)]
    source = make_clip(tmp_path / "in.mkv", frames=60, pts=times, time_base=Fraction(1, 1000), audio=True)
    mask = make_clip(tmp_path / "mask.mp4", frames=30, rate=Fraction(50, 3), size=(32, 24), paint=sliding)
    given = {"mask": mask, **settings}
    whole, resumed = (job(source, tmp_path / f"{name}.mkv", **given) for name in ("whole", "resumed"))
    done(whole)
    stopped_after(stop, resumed)
    summary = done(resumed, resume=True)
    assert summary.resumed_frames > 0
    assert shown(resumed["output"]) == shown(whole["output"])


def test_another_mask_or_look_outside_does_not_go_on_with_these_parts(small, tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=47)
    mask = make_clip(tmp_path / "mask.mp4", frames=47, paint=sliding)
    given = job(source, tmp_path / "out.mp4", mask=mask, outside="negative")
    stopped_after(25, given)
    with pytest.raises(ResumeError, match="outside"):
        done({**given, "outside": "plain"}, resume=True)
    with pytest.raises(ResumeError, match="mask_invert"):
        done({**given, "mask_invert": True}, resume=True)
    other = make_clip(tmp_path / "other.mp4", frames=47)
    with pytest.raises(ResumeError, match="differs: mask"):
        done({**given, "mask": other}, resume=True)
    moved = shutil.move(mask, tmp_path / "moved.mp4")
    assert done({**given, "mask": moved}, resume=True).resumed_frames == 20


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"mask_invert": True}, UsageError, "mask-invert is for a mask"),
        ({"mask_feather_px": 3}, UsageError, "mask-feather is for a mask"),
        ({"outside": "plain"}, UsageError, "outside is for a mask"),
        ({"mask": "mask.png", "mask_feather_px": -1}, UsageError, "mask-feather is -1"),
        ({"mask": "mask.png", "mask_feather_px": float("nan")}, UsageError, "mask-feather is nan"),
        ({"mask": "-"}, UsageError, "stdin is the INPUT"),
        ({"mask": "none.png"}, MissingInputError, r"none\.png"),
        ({"mask": "out.mp4", "overwrite": True}, OutputError, "is the mask itself"),
        ({"mask": "mask.png", "outside": "nobody"}, UsageError, "nobody"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    stylize, clip, tmp_path, monkeypatch, settings, error, words
):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("mask.png", sliding(0, 64, 48))
    with pytest.raises(error, match=words):
        stylize(clip, "out.mp4", **settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "mask.png"]


def test_pictures_of_a_mask_are_not_written_over(stylize, clip, tmp_path):
    mask = film(tmp_path / "mask", 2, sliding)
    with pytest.raises(OutputError, match="holds it"):
        stylize(clip, mask, mask=mask, overwrite=True)


def test_the_command_tells_of_the_mask_s_end_and_of_both_licences(run, clip, tmp_path):
    mask = make_clip(tmp_path / "mask.mp4", frames=5, paint=sliding, size=(64, 64))
    result = run(
        "stylize", clip, tmp_path / "out.mp4", "--style", "negative", "--mask", mask, "--mask-feather", 2,
        "--outside", "nameless",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "ends at 0.200 s" in told and "stretched" in told and "'nameless' is unknown" in told
    refused = run("stylize", clip, tmp_path / "no.mp4", "--style", "negative", "--mask-invert")
    assert refused.exit_code == 2 and "add --mask" in refused.output
    refused = run("stylize", clip, tmp_path / "no.mp4", "--style", "negative", "--outside", "plain")
    assert refused.exit_code == 2 and "Error: --outside is for a mask" in refused.output


def test_a_batch_gives_each_file_the_mask_of_its_name_and_finds_a_missing_one_before_it_begins(
    run, clip, tmp_path
):
    shutil.copy(clip, tmp_path / "other.mp4")
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "masks" / "clip.png"), sliding(0, 64, 48))
    (tmp_path / "jobs.toml").write_text(
        'styles = "negative"\noutput = "made"\nmask = "masks/{name}.png"\nmask-feather-px = 0\n'
        'outside = "plain"\n[[job]]\nsource = ["clip.mp4", "other.mp4"]\n'
    )
    missing = run("batch", tmp_path / "jobs.toml")
    assert missing.exit_code == 3 and "other.png" in missing.output and not (tmp_path / "made").exists()
    cv2.imwrite(str(tmp_path / "masks" / "other.png"), np.zeros((48, 64), np.uint8))
    made = run("batch", tmp_path / "jobs.toml")
    assert made.exit_code == 0, made.output
    half, none = (shown_pixels(tmp_path / "made" / f"{name}-negative.mp4") for name in ("clip", "other"))
    assert np.abs(half[:, :4].astype(int) - none[:, :4]).max() < 12
    assert np.abs(half[:, 20:].astype(int) - (255 - none[:, 20:].astype(int))).mean() < 4
    kept = run("batch", tmp_path / "jobs.toml", "--resume")
    assert kept.exit_code == 0
    cv2.imwrite(str(tmp_path / "masks" / "other.png"), np.full((48, 64), 255, np.uint8))
    changed = run("batch", tmp_path / "jobs.toml", "--resume")
    assert changed.exit_code == 3 and "mask" in changed.output


def test_a_timeline_moves_the_look_inside_a_mask_and_leaves_the_source_bit_for_bit_outside(stylize, tmp_path):
    source, mask = film(tmp_path / "in", 8, smooth), film(tmp_path / "mask", 8, sliding)
    moving = {"fps": 25, "timeline": {"key": [{"at": 0, "strength": 0}, {"at": 0.28, "strength": 1}]}}
    stylize(source, tmp_path / "look", **moving)
    stylize(source, tmp_path / "out", **moving, mask=mask, mask_feather_px=0)
    rows = list(zip(read(source), read(tmp_path / "look"), read(tmp_path / "out"), strict=True))
    for index, (plain, look, result) in enumerate(rows):
        edge = 8 + 2 * index
        assert (result[:, :edge] == plain[:, :edge]).all() and (result[:, edge:] == look[:, edge:]).all()
    plain, look, _ = rows[0]
    assert (look == plain).all()  # at 0 the source, at the last key the whole look
    plain, look, _ = rows[-1]
    assert (look == 255 - plain).all()


@pytest.mark.parametrize("stop", [13, 27])
def test_a_masked_timeline_with_another_look_outside_goes_on_frame_for_frame(small, tmp_path, stop):
    source = make_clip(tmp_path / "in.mkv", frames=36, audio=True)
    mask = make_clip(tmp_path / "mask.mp4", frames=36, paint=sliding, size=(32, 24))
    keys = {"key": [{"at": 0, "strength": 0.2}, {"at": "100%", "strength": 1, "keep_colors": True}]}
    given = {"mask": mask, "outside": "negative", "timeline": keys}
    whole, resumed = (job(source, tmp_path / f"{name}.mkv", **given) for name in ("whole", "resumed"))
    done(whole)
    stopped_after(stop, resumed)
    assert done(resumed, resume=True).resumed_frames == (stop - 1) // 10 * 10
    assert shown(resumed["output"]) == shown(whole["output"])
