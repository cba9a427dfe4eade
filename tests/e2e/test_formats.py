"""Depth, transparency, rate, crop and presets, from the command line to the file."""

import itertools
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

import stylereel
from clips import frame_of_planes, make_clip, make_pictures, make_vfr
from slides import kept_edges, slide
from stylereel.actions.presets import PRESETS
from stylereel.video.picture import Wanted
from stylereel.video.probe import probe
from stylereel.video.reader import FrameReader
from toy_packs import toy_pack

HOUSE_STYLE = "vangogh"


def frames_of(path, **wanted):
    with FrameReader(path) as reader:
        reader.wanted = Wanted(**wanted)
        return list(reader)


@pytest.fixture
def done(run):
    """Run `stylize`, which must succeed; returns what was said on stderr."""

    def stylize(*arguments):
        result = run("stylize", *arguments)
        assert result.exit_code == 0, result.stderr
        return result.stderr

    return stylize


def write_with_alpha(path, codec, layout, options=None, frames=5):
    """A dark red square on a clear ground, moving to the right."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = 64, 48, layout
        bits = 10 if "10" in layout else 8
        kind, unit = (np.uint16, 4) if bits == 10 else (np.uint8, 1)
        chroma = (24, 32) if "420" in layout else (48, 64)
        for index in range(frames):
            opacity = np.zeros((48, 64), kind)
            opacity[12:36, 8 + 4 * index : 32 + 4 * index] = (1 << bits) - 1
            planes = [
                np.full((48, 64), 60 * unit, kind),
                np.full(chroma, 110 * unit, kind),
                np.full(chroma, 190 * unit, kind),
                opacity,
            ]
            frame = frame_of_planes(planes, layout, 64, 48)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "ending,codec,layout,out",
    [
        ("mov", "prores_ks", "yuva444p10le", "mov"),
        ("webm", "libvpx-vp9", "yuva420p", "webm"),
        ("mov", "png", "rgba", "webm"),
        ("webm", "libvpx-vp9", "yuva420p", "shots"),
    ],
)
def test_the_look_comes_out_with_the_opacity_of_its_source(done, tmp_path, ending, codec, layout, out):
    options = {"profile": "4444", "alpha_bits": "16"} if codec == "prores_ks" else {}
    source = tmp_path / f"in.{ending}"
    if layout == "rgba":
        with av.open(str(source), "w") as made:
            stream = made.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, layout
            for index in range(5):
                rgba = np.zeros((48, 64, 4), np.uint8)
                rgba[12:36, 8 + 4 * index : 32 + 4 * index] = (140, 40, 40, 255)
                frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
                frame.pts = index
                made.mux(stream.encode(frame))
            made.mux(stream.encode(None))
    else:
        write_with_alpha(source, codec, layout, options)
    path = tmp_path / (out if out == "shots" else f"out.{out}")
    arguments = ("--codec", "prores") if out == "mov" else ()
    told = done(source, path, "-s", "negative", "--quality", 90, *arguments)
    assert "white" not in told and probe(path).has_alpha
    before, after = frames_of(source, alpha=True), frames_of(path, alpha=True)
    assert len(after) == 5
    for shown, painted in zip(before, after, strict=True):
        inside = cv2.erode((shown.alpha > 60000).astype(np.uint8), np.ones((5, 5))) > 0
        outside = cv2.erode((shown.alpha == 0).astype(np.uint8), np.ones((5, 5))) > 0
        assert painted.alpha[inside].min() > 60000 and painted.alpha[outside].max() < 5000
        assert np.abs(255 - shown.pixels.astype(int) - painted.pixels)[inside].mean() < 8


def test_where_opacity_cannot_be_kept_it_lies_over_white_and_that_is_said(done, tmp_path):
    source = write_with_alpha(tmp_path / "in.webm", "libvpx-vp9", "yuva420p")
    assert "white" in done(source, tmp_path / "out.mp4", "-s", "plain")
    assert (frames_of(tmp_path / "out.mp4")[0].pixels[:8] > 245).all()


def test_a_transparent_picture_stays_transparent_and_sixteen_bits_deep(done, tmp_path):
    rgba = np.zeros((40, 60, 4), np.uint16)
    rgba[..., :3] = np.linspace(10000, 50000, 60)[None, :, None]
    rgba[..., 3] = np.linspace(0, 65535, 40)[:, None]
    cv2.imwrite(str(tmp_path / "in.png"), rgba)
    done(tmp_path / "in.png", tmp_path / "out.png", "-s", "plain", "--bit-depth", 16)
    stored = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16 and stored.shape == (40, 60, 4)
    assert np.abs(stored[..., 3].astype(int) - rgba[..., 3]).max() <= 200
    assert np.abs(stored[..., :3].astype(int) - rgba[..., :3])[1:].max() <= 300


def write_gradient(path):
    """Every level of ten-bit luma from 64 to 939, four pixels wide each, and one frame further each time."""
    row = (64 + np.arange(876)).astype(np.uint16)
    grey = np.full((24, 438), 512, np.uint16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 876, 48, "yuv420p10le"
        for index in range(3):
            luma = np.roll(row, index)[None].repeat(48, 0)
            frame = frame_of_planes([np.ascontiguousarray(luma), grey, grey], "yuv420p10le", 876, 48)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def luma_row(path):
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        plane = frame.planes[0]
        kind = np.dtype("<u2") if "10" in frame.format.name else np.uint8
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
        return frame.format.name, rows[24, : plane.width].astype(int)


def longest_run(row):
    return int(np.diff(np.flatnonzero(np.diff(row, prepend=-1, append=-1))).max())


@pytest.mark.parametrize("kind", ["half", "invert"])
def test_a_ten_bit_gradient_has_no_bands_after_the_look(done, tmp_path, kind):
    source = write_gradient(tmp_path / "in.mkv")
    toy_pack(tmp_path / "look", kind)
    rows = {}
    for bits in (8, 10):
        out = tmp_path / f"out{bits}.mkv"
        done(source, out, "-s", tmp_path / "look", "--codec", "ffv1", "--bit-depth", bits)
        name, rows[bits] = luma_row(out)
        assert ("10" in name) == (bits == 10)
    possible = 876 if kind == "invert" else 438
    assert len(np.unique(rows[8])) < 260
    assert len(np.unique(rows[10])) > 0.9 * possible > 1.5 * len(np.unique(rows[8]))
    assert longest_run(rows[10]) <= 6 < longest_run(rows[8]) * 2
    ideal = np.arange(876) * (-1 if kind == "invert" else 0.5)
    error = rows[10] - (ideal - ideal[400] + rows[10][400])
    assert np.abs(error[32:-32]).max() <= 2.5, "in ten-bit levels: less than one of eight bits"


@pytest.mark.parametrize(
    "codec,ending", [("h264", "mp4"), ("hevc", "mp4"), ("av1", "webm"), ("prores", "mov")]
)
def test_ten_bits_reach_every_codec_that_has_them(done, tmp_path, codec, ending):
    source = write_gradient(tmp_path / "in.mkv")
    out = tmp_path / f"out.{ending}"
    done(source, out, "-s", "plain", "--codec", codec, "--bit-depth", 10, "--quality", 98)
    assert probe(out).bit_depth >= 10
    assert len(np.unique(frames_of(out, deep=True)[0].deep[24, :, 1])) > 500


def test_strength_zero_keeps_every_level_of_ten_bits(done, tmp_path):
    source = write_gradient(tmp_path / "in.mkv")
    done(source, tmp_path / "o.mkv", "-s", "negative", "--strength", 0, "--codec", "ffv1", "--bit-depth", 10)
    assert np.abs(luma_row(tmp_path / "o.mkv")[1] - luma_row(source)[1]).max() <= 1


@pytest.mark.parametrize("rate", ["12", "30", "30000/1001"])
def test_a_video_is_brought_to_a_rate_and_its_sound_stays(done, clip, tmp_path, rate):
    done(clip, tmp_path / "out.mp4", "-s", "plain", "--fps", rate)
    with av.open(str(clip)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        assert after.streams.video[0].average_rate == Fraction(rate)
        sound = [[bytes(p) for p in c.demux(audio=0) if p.size] for c in (before, after)]
    assert sound[0] == sound[1]
    times = [frame.pts * frame.time_base for frame in frames_of(tmp_path / "out.mp4")]
    assert all(b - a == 1 / Fraction(rate) for a, b in itertools.pairwise(times))
    assert abs(len(times) / Fraction(rate) - Fraction(12, 25)) <= 1 / Fraction(rate)


def test_a_variable_rate_goes_into_an_avi_once_it_is_constant(done, tmp_path):
    source = make_vfr(tmp_path / "in.mkv")
    done(source, tmp_path / "out.avi", "-s", "plain", "--fps", 25)
    assert len(frames_of(tmp_path / "out.avi")) == pytest.approx(26, abs=2)


def test_a_crop_is_cut_out_before_the_look_and_scaled_after_it(done, tmp_path):
    def corner(index, width, height):
        picture = np.full((height, width, 3), 40, np.uint8)
        picture[: height // 2, : width // 2] = 220
        return picture

    source = make_clip(tmp_path / "in.mp4", size=(128, 96), frames=3, paint=corner, lossless=True)
    done(source, tmp_path / "a.mkv", "-s", "plain", "--crop", "64x48+0+0", "--codec", "ffv1")
    assert (frames_of(tmp_path / "a.mkv")[0].pixels > 200).all()
    done(source, tmp_path / "b.mkv", "-s", "plain", "--crop", "1:1", "--max-side", 48, "--codec", "ffv1")
    assert frames_of(tmp_path / "b.mkv")[0].pixels.shape == (48, 48, 3)


@pytest.mark.parametrize("name", ["vertical", "square", "story"])
def test_a_short_clip_has_what_platforms_take(done, tmp_path, name):
    source = make_clip(
        tmp_path / "in.mkv", size=(96, 64), frames=30, rate=50, audio=True, audio_codec="flac", gop=30
    )
    out = tmp_path / "short.mp4"
    done(source, out, "-s", "plain", "--preset", name)
    with av.open(str(out)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        context = video.codec_context
        assert (video.width, video.height) == PRESETS[name].size and context.pix_fmt == "yuv420p"
        assert context.name == "h264" and context.profile == "High" and sound.codec_context.name == "aac"
        assert video.average_rate == 50 and (video.sample_aspect_ratio or 1) == 1
        assert len([packet for packet in container.demux(video) if packet.size]) == 30
    picture = frames_of(out)[10].pixels
    bars = (picture[: picture.shape[0] // 8] < 20).all() and (picture[-picture.shape[0] // 8 :] < 20).all()
    assert bars == (PRESETS[name].fit == "pad")
    assert picture.shape[0] // 2 and (picture[picture.shape[0] // 2] > 40).mean() > 0.9


def test_a_preset_gives_way_to_what_is_said_beside_it_and_brings_odd_rates_to_usual_ones(done, tmp_path):
    source = make_vfr(tmp_path / "in.mkv", size=(96, 64))
    done(source, tmp_path / "a.mp4", "-s", "plain", "--preset", "square", "--fit", "pad")
    assert (frames_of(tmp_path / "a.mp4")[0].pixels[:100] < 20).all()
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == 30
    done(source, tmp_path / "b.mov", "-s", "plain", "--preset", "square", "--codec", "hevc", "--fps", 24)
    with av.open(str(tmp_path / "b.mov")) as container:
        assert container.streams.video[0].codec_context.name == "hevc"
        assert container.streams.video[0].average_rate == 24


def test_a_story_that_is_too_long_is_told_of_and_not_cut(done, tmp_path):
    source = make_clip(tmp_path / "in.mp4", frames=64, rate=1, size=(32, 32))
    told = done(source, tmp_path / "out.mp4", "-s", "plain", "--preset", "story", "--fps", "1")
    assert "60 seconds" in told and len(frames_of(tmp_path / "out.mp4")) == 64


def lecture_clip(path, **settings):
    return make_clip(path, frames=8, size=(640, 360), paint=lambda i, w, h: slide(w, h)[0], **settings)


def test_a_lecture_keeps_its_text_and_its_captions(done, tmp_path, monkeypatch):
    monkeypatch.delenv("STYLEREEL_PACKS")
    source = lecture_clip(tmp_path / "in.mp4", subtitles=True, options={"crf": "20"})
    _, boxes = slide()
    before = frames_of(source)
    for name, arguments in (("bare", ()), ("lecture", ("--preset", "lecture"))):
        out = tmp_path / f"{name}.mp4"
        done(source, out, "-s", HOUSE_STYLE, *arguments)
        kept = [
            kept_edges(a.pixels, b.pixels, box)
            for a, b in zip(before, frames_of(out), strict=True)
            for box in boxes
        ]
        assert min(kept) >= 0.9 if arguments else max(kept) < 0.7
    with av.open(str(source)) as first, av.open(str(tmp_path / "lecture.mp4")) as second:
        said = [[bytes(p) for p in c.demux(subtitles=0) if p.size > 2] for c in (first, second)]
    assert said[0] == said[1] and len(said[0]) == 2  # an empty one says that nothing is shown


def test_text_is_protected_only_where_it_is_asked_for(done, tmp_path):
    source = lecture_clip(tmp_path / "in.mp4")
    _, boxes = slide()
    kept = {}
    for name, options in (
        ("off", ()),
        ("on", ("--protect-text",)),
        ("lecture off", ("--preset", "lecture", "--no-protect-text")),
    ):
        done(source, tmp_path / f"{name}.mkv", "-s", "negative", *options, "--codec", "ffv1")
        pixels = frames_of(tmp_path / f"{name}.mkv")[4].pixels
        kept[name] = min(kept_edges(slide()[0], pixels, box) for box in boxes)
    assert kept["on"] > 0.85 and kept["off"] < -0.5 and kept["lecture off"] < -0.5


@pytest.mark.parametrize(
    "output,options,words",
    [
        ("o.webm", ("--preset", "vertical"), ".mp4 or .mov"),
        ("o.mp4", ("--preset", "portrait"), "vertical"),
        ("o.gif", ("--preset", "lecture"), "captions"),
        ("o.mp4", ("--preset", "square", "--max-side", 64), "max-side"),
        ("o.mp4", ("--fit", "pad"), "--preset"),
        ("o.mp4", ("--preset", "square", "--fit", "stretch"), "crop, pad"),
        ("o.mp4", ("--crop", "9x"), "9:16"),
        ("o.mp4", ("--crop", "900x900"), "64x48"),
        ("o.mp4", ("--bit-depth", 12), "8, 10, 16"),
        ("o.mp4", ("--bit-depth", 16), "ffv1"),
        ("shots", ("--bit-depth", 10), "16"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(run, tmp_path, output, options, words):
    source = make_clip(tmp_path / "in.mp4", subtitles=True)
    result = run("stylize", source, tmp_path / output, "-s", "plain", *options)
    assert result.exit_code == 2 and words in result.stderr, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_rows_of_pictures_take_crop_depth_and_a_preset(done, tmp_path):
    make_pictures(tmp_path / "in", 3)
    done(tmp_path / "in", tmp_path / "out", "-s", "plain", "--crop", "16x16", "--bit-depth", 16)
    pictures = sorted((tmp_path / "out").iterdir())
    assert len(pictures) == 3
    assert all(cv2.imread(str(p), cv2.IMREAD_UNCHANGED).shape[:2] == (16, 16) for p in pictures)
    done(tmp_path / "in", tmp_path / "film.mp4", "-s", "plain", "--preset", "square", "--fps", 24)
    assert frames_of(tmp_path / "film.mp4")[0].pixels.shape == (1080, 1080, 3)


def test_python_has_all_of_it(tmp_path, styles):
    source = lecture_clip(tmp_path / "in.mp4")
    summary = stylereel.stylize(
        source,
        tmp_path / "out.mp4",
        style=styles / "plain",
        preset="lecture",
        crop="4:3",
        bit_depth=10,
        fps=24,
    )
    assert (summary.width, summary.height, summary.bit_depth, summary.stabilize) == (480, 360, 10, 0.5)
    assert probe(tmp_path / "out.mp4").bit_depth == 10


def test_help_lists_every_preset_with_what_it_does(run):
    text = " ".join(run("stylize", "--help").stdout.split())
    for preset in PRESETS.values():
        assert f"{preset.name}: {preset.purpose}" in text


def test_a_row_of_exr_pictures_gives_exr_pictures_in_linear_light(done, tmp_path):
    from stylereel.video.exr import decode_exr, encode_exr

    (tmp_path / "in").mkdir()
    ramp = np.rint(np.linspace(0, 65280, 96))[None, :, None].repeat(40, 0).repeat(3, 2).astype(np.uint16)
    opacity = np.full((40, 96), 65280, np.uint16)
    opacity[:20] = 0
    for index in range(3):
        (tmp_path / "in" / f"{index:03}.exr").write_bytes(encode_exr(ramp, opacity))
    done(tmp_path / "in", tmp_path / "out", "-s", "negative")
    made = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in made] == ["000.exr", "001.exr", "002.exr"]
    rgb, seen = decode_exr(made[0].read_bytes())
    assert np.abs(65280 - ramp.astype(int) - rgb)[20:].max() <= 256
    assert np.array_equal(seen, opacity)
    done(tmp_path / "in" / "000.exr", tmp_path / "one.png", "-s", "plain", "--bit-depth", 16)
    assert cv2.imread(str(tmp_path / "one.png"), cv2.IMREAD_UNCHANGED).shape == (40, 96, 4)
