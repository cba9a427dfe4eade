"""What is left on disk: the whole output or nothing, whatever happens."""

import os
import resource
import signal
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from stylereel.core.errors import OutputError, UsageError
from stylereel.core.frames import Frame
from stylereel.video.plan import plan_output
from stylereel.video.writer import FrameWriter
from written_media import SIZE, TICK, gray_frames, make_source, source_info


def writer_for(path, info=None, **options):
    return FrameWriter(path, info=info or source_info(), source_path=None, size=SIZE, **options)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def picture(size=SIZE, seed=0) -> Frame:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Frame(pixels, seed, TICK)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "gif"])
def test_the_output_appears_only_when_it_is_whole(tmp_path, ending):
    with writer_for(tmp_path / f"o.{ending}") as writer:
        for frame in gray_frames():
            writer.write(frame)
        assert names(tmp_path) == [f".o.partial-{os.getpid()}.{ending}"]
        summary = writer.finish()
    assert names(tmp_path) == [f"o.{ending}"]
    assert summary.bytes == (tmp_path / f"o.{ending}").stat().st_size
    assert summary is writer.finish()


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_an_exception_or_abort_leaves_nothing(tmp_path, frames):
    with pytest.raises(KeyboardInterrupt), writer_for(tmp_path / "o.mp4") as writer:
        for frame in gray_frames()[:frames]:
            writer.write(frame)
        raise KeyboardInterrupt
    assert names(tmp_path) == []
    writer = writer_for(tmp_path / "o.mp4")
    writer.abort()
    writer.abort()
    assert names(tmp_path) == []
    with pytest.raises(ValueError, match="aborted"):
        writer.finish()


def test_no_frames_is_an_error_that_leaves_nothing(tmp_path):
    with pytest.raises(OutputError, match="no frames"), writer_for(tmp_path / "o.mp4"):
        pass
    assert names(tmp_path) == []


def test_an_existing_output_is_refused_and_kept_unless_overwritten(tmp_path):
    path = tmp_path / "o.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="--overwrite"):
        writer_for(path)
    with pytest.raises(KeyboardInterrupt), writer_for(path, overwrite=True) as writer:
        writer.write(gray_frames()[0])
        raise KeyboardInterrupt
    assert path.read_bytes() == b"precious"
    with writer_for(path, overwrite=True) as writer:
        writer.write(gray_frames()[0])
    assert path.read_bytes() != b"precious"


def test_a_file_that_appears_meanwhile_is_not_lost(tmp_path):
    with pytest.raises(OutputError, match="meanwhile"), writer_for(tmp_path / "o.mp4") as writer:
        writer.write(gray_frames()[0])
        (tmp_path / "o.mp4").write_bytes(b"precious")
    assert (tmp_path / "o.mp4").read_bytes() == b"precious"
    assert names(tmp_path) == ["o.mp4"]


def test_the_input_as_output_is_refused_under_every_name(tmp_path):
    source = make_source(tmp_path / "s.mp4", seconds=1)
    before = source.read_bytes()
    (tmp_path / "soft.mp4").symlink_to(source)
    (tmp_path / "hard.mp4").hardlink_to(source)
    (tmp_path / "sub").mkdir()
    for name in ("s.mp4", "soft.mp4", "hard.mp4", "sub/../s.mp4"):
        with pytest.raises(OutputError, match="input itself"):
            writer_for(tmp_path / name, source_info(source), overwrite=True)
    assert source.read_bytes() == before


def test_a_missing_or_false_parent_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        writer_for(tmp_path / "nowhere" / "o.mp4")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        writer_for(tmp_path / "file" / "o.mp4")
    (tmp_path / "folder.mp4").mkdir()
    assert plan_output(tmp_path / "folder.mp4", source_info()).kind == "images"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused_before_any_work(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="permission"):
            writer_for(tmp_path / "o.mp4")
    finally:
        tmp_path.chmod(0o700)


def test_an_unwritable_folder_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="permission denied"):
        writer_for(tmp_path / "o.mp4")


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi", "gif", "folder"])
def test_a_full_disk_is_told_with_advice_and_nothing_stays(tmp_path, ending):
    """The largest allowed file stands in for the disk."""
    path = tmp_path / ("o" if ending == "folder" else f"o.{ending}")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    info = source_info(is_variable_rate=False)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        with (
            pytest.raises(OutputError, match="cannot write") as error,
            writer_for(path, info, quality=100) as writer,
        ):
            for index in range(40):
                writer.write(Frame(picture(seed=index).pixels, index * 1000, TICK))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "Write to another disk" in str(error.value) or "Use another disk" in str(error.value)
    assert names(tmp_path) == []


def test_a_full_tiny_disk_is_told_with_advice(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o size=16k tmpfs {disk} 2>/dev/null") != 0:
        pytest.skip("mounting needs root; the test above covers a limit on file size")
    try:
        with (
            pytest.raises(OutputError, match="disk is full"),
            writer_for(disk / "o.mp4", quality=100) as writer,
        ):
            for index in range(40):
                writer.write(Frame(picture(seed=index).pixels, index * 1000, TICK))
        assert names(disk) == []
    finally:
        os.system(f"umount {disk}")


def test_a_very_long_name_still_has_a_temporary_one(tmp_path):
    path = tmp_path / ("n" * 240 + ".mp4")
    with writer_for(path) as writer:
        writer.write(gray_frames()[0])
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tiff", "PNG"])
def test_a_picture_becomes_a_picture_by_its_ending(tmp_path, ending):
    path = tmp_path / f"o.{ending}"
    y, x = np.mgrid[0:48, 0:64]
    frame = Frame(np.stack([x * 4, y * 5, 255 - x * 2], -1).astype(np.uint8), 0, Fraction(1, 25))
    with writer_for(path, source_info(kind="image"), metadata={"comment": "Stylized: wave"}) as writer:
        writer.write(frame)
        summary = writer.finish()
    back = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    lossless = ending.lower() in ("png", "bmp", "tiff")
    assert np.abs(back.astype(int) - frame.pixels).mean() <= (0 if lossless else 4)
    assert (b"Stylized: wave" in path.read_bytes()) == (ending.lower() not in ("bmp", "tiff"))
    assert (summary.frames, summary.container) == (1, "image")


def test_many_frames_do_not_go_into_one_picture(tmp_path):
    with pytest.raises(UsageError, match="many frames"):
        writer_for(tmp_path / "o.png", source_info(kind="video"))
    with pytest.raises(UsageError, match="picture needs a file name"):
        writer_for(tmp_path / "o", source_info(kind="image"))


def test_a_folder_of_pictures_keeps_their_names(tmp_path):
    sources = tuple(Path(name) for name in ("b.jpg", "a.png", "a.webp", "x/a.png", "c.tga"))
    info = source_info(kind="images", image_paths=sources)
    with writer_for(tmp_path / "out", info) as writer:
        for index in range(5):
            writer.write(picture(seed=index))
        assert not (tmp_path / "out").exists()
    assert names(tmp_path / "out") == ["a.png", "a.png.png", "a.webp", "b.jpg", "c.png"]
    assert (cv2.imread(str(tmp_path / "out" / "a.png"))[..., ::-1] == picture(seed=1).pixels).all()
    with writer_for(tmp_path / "pngs/", info, codec="png") as writer:
        for index in range(5):
            writer.write(picture(seed=index))
    assert all(name.endswith(".png") for name in names(tmp_path / "pngs"))


def test_a_folder_that_has_pictures_is_kept_unless_overwritten(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "keep.txt").write_text("kept")
    info = source_info(kind="images", image_paths=(Path("a.png"),))
    with pytest.raises(OutputError, match="not empty"):
        writer_for(out, info)
    with writer_for(out, info, overwrite=True) as writer:
        writer.write(picture())
    assert names(out) == ["a.png", "keep.txt"]
    with pytest.raises(OutputError, match="input itself"):
        writer_for(out, source_info(out, kind="images"), overwrite=True)


def test_a_video_into_a_folder_is_numbered_and_says_what_is_lost(tmp_path):
    with writer_for(tmp_path / "out") as writer:
        for frame in gray_frames():
            writer.write(frame)
        summary = writer.finish()
    assert names(tmp_path / "out") == [f"{number:06d}.png" for number in range(1, 8)]
    assert any("no sound" in notice for notice in summary.notices)


def test_mp4_begins_with_its_index_so_that_it_plays_while_it_loads(tmp_path):
    with writer_for(tmp_path / "o.mp4") as writer:
        for frame in gray_frames():
            writer.write(frame)
    data = (tmp_path / "o.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
