"""What cannot work says why, exits with the right code and leaves nothing behind."""

import hashlib
import os
import shutil
import sys

import cv2
import numpy as np
import pytest


def listing(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in folder.rglob("*")
    }


@pytest.fixture
def refused(run, tmp_path):
    """Run a command that must fail: with that code, naming these words, changing no file, untraced."""

    def check(arguments, code, *words):
        before = listing(tmp_path)
        result = run(*arguments)
        assert result.exit_code == code, (result.exit_code, result.stderr)
        assert "Traceback" not in result.stderr and not result.stdout
        for word in words:
            assert word.lower() in result.stderr.lower(), (word, result.stderr)
        assert listing(tmp_path) == before
        return result

    return check


STYLE = ("--style", "negative")


def test_a_file_that_does_not_exist(refused, tmp_path):
    refused(["stylize", tmp_path / "none.mp4", tmp_path / "out.mp4", *STYLE], 3, "none.mp4")


@pytest.mark.parametrize("content", [b"", b"just some text\n" * 50, bytes(range(256)) * 64])
def test_a_file_that_is_no_video(refused, tmp_path, content):
    (tmp_path / "fake.mp4").write_bytes(content)
    refused(["stylize", tmp_path / "fake.mp4", tmp_path / "out.mp4", *STYLE], 3, "fake.mp4")


def test_a_folder_without_pictures(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(["stylize", tmp_path / "empty", tmp_path / "out.mp4", *STYLE], 3, "empty")


def test_sound_without_a_video_stream(refused, tmp_path):
    import av
    import numpy as np

    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    refused(["stylize", tmp_path / "sound.mp4", tmp_path / "out.mp4", *STYLE], 3, "no video stream")


def test_an_unknown_style_lists_the_known_and_suggests_the_nearest(refused, clip, tmp_path):
    refused(
        ["stylize", clip, tmp_path / "out.mp4", "--style", "negatve"],
        2,
        "Did you mean 'negative'",
        "nameless, negative, plain",
    )


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--strength", "1.5", "strength is 1.5"),
        ("--strength", "-0.1", "from 0"),
        ("--strength", "nan", "strength is nan"),
        ("--max-side", "0", "max-side is 0"),
        ("--max-side", "-5", "max-side"),
        ("--max-side", "99999999", "16384"),
        ("--quality", "101", "quality"),
        ("--quality", "-1", "quality"),
        ("--start", "later", "HH:MM:SS"),
        ("--fps", "0", "fps"),
        ("--threads", "0", "threads"),
        ("--codec", "h263", "h264"),
        ("--runner", "openvin", "Did you mean 'openvino'"),
        ("--device", "gpu", "cuda"),
    ],
)
def test_an_option_out_of_range(refused, clip, tmp_path, option, value, words):
    refused(["stylize", clip, tmp_path / "out.mp4", *STYLE, option, value], 2, words)


@pytest.mark.parametrize(("start", "end"), [("2", "1"), ("0.2", "0.2"), ("0:00:01", "0:00:00.5")])
def test_a_start_at_or_after_the_end(refused, clip, tmp_path, start, end):
    refused(
        ["stylize", clip, tmp_path / "out.mp4", *STYLE, "--start", start, "--end", end], 2, "start", "end"
    )


def test_a_pace_for_a_single_picture(refused, tmp_path):
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((16, 16, 3), np.uint8))
    refused(
        ["stylize", tmp_path / "one.png", tmp_path / "out.png", *STYLE, "--fps", "25"],
        2,
        "fps",
        "one picture",
    )


def test_a_start_past_the_video(refused, clip, tmp_path):
    refused(["stylize", clip, tmp_path / "out.mp4", *STYLE, "--start", "1:00:00"], 3, "start")


def test_a_missing_parent_folder(refused, clip, tmp_path):
    refused(["stylize", clip, tmp_path / "no" / "out.mp4", *STYLE], 3, "folder", "does not exist")


def test_an_output_that_exists_is_kept_unless_told(refused, run, clip, tmp_path):
    (tmp_path / "out.mp4").write_bytes(b"precious")
    refused(["stylize", clip, tmp_path / "out.mp4", *STYLE], 3, "--overwrite")
    assert run("stylize", clip, tmp_path / "out.mp4", *STYLE, "--overwrite").exit_code == 0
    assert (tmp_path / "out.mp4").stat().st_size > 500


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_an_output_that_is_the_input_is_refused_even_with_overwrite(refused, clip, tmp_path, overwrite):
    refused(["stylize", clip, clip, *STYLE, *overwrite], 3, "input itself")
    os.link(clip, tmp_path / "same.mp4")
    refused(["stylize", clip, tmp_path / "same.mp4", *STYLE, *overwrite], 3)


def test_a_codec_that_the_container_cannot_hold(refused, clip, tmp_path):
    refused(["stylize", clip, tmp_path / "out.webm", *STYLE, "--codec", "prores"], 2, "prores", "webm")


def test_an_ending_that_is_no_container(refused, clip, tmp_path):
    refused(["stylize", clip, tmp_path / "out.docx", *STYLE], 2, "docx")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux")
def test_a_folder_that_cannot_be_written(refused, clip):
    refused(["stylize", clip, "/proc/out.mp4", *STYLE], 3, "/proc/out.mp4")


@pytest.mark.parametrize("runner", ["openvino", "auto", "onnxruntime", "torch"])
def test_cuda_that_is_absent_exits_four_with_the_install_line(refused, clip, tmp_path, runner):
    if runner in ("auto", "torch", "onnxruntime"):
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("CUDA is here")
    arguments = ["stylize", clip, tmp_path / "out.mp4", *STYLE, "--device", "cuda", "--runner", runner]
    refused(arguments, 4, "cuda", "install")


def test_a_pack_that_was_changed_is_refused(refused, clip, tmp_path, styles):
    forged = shutil.copytree(styles / "negative", tmp_path / "forged")
    (forged / "generator.onnx").write_bytes(b"something else")
    refused(["stylize", clip, tmp_path / "out.mp4", "--style", forged], 5, "SHA-256")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile {target}\n"),
        ("list.mp4", "ffconcat version 1.0\nfile {target}\n"),
        ("list.mkv", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"),
    ],
)
@pytest.mark.parametrize("target", ["/etc/passwd", "clip"])
def test_a_playlist_never_makes_another_file_be_read(refused, clip, tmp_path, name, text, target):
    (tmp_path / name).write_text(text.format(target=clip if target == "clip" else target))
    result = refused(["stylize", tmp_path / name, tmp_path / "out.mp4", *STYLE], 5)
    assert "root:" not in result.stderr


def test_a_wrong_output_is_refused_before_the_style_is_even_looked_for(refused, clip, tmp_path):
    existing = tmp_path / "there.mp4"
    existing.write_bytes(b"precious")
    refused(["stylize", clip, existing, "--style", "no-such-style"], 3, "there.mp4")


def test_pictures_of_different_sizes_as_one_video(refused, tmp_path):
    import cv2
    import numpy as np

    (tmp_path / "pictures").mkdir()
    for index, width in enumerate((64, 48)):
        cv2.imwrite(str(tmp_path / "pictures" / f"{index}.png"), np.zeros((32, width, 3), np.uint8))
    refused(["stylize", tmp_path / "pictures", tmp_path / "out.mp4", *STYLE], 3, "48x32", "one size")


def test_a_sound_file_is_told_from_a_script(refused, tmp_path):
    import wave

    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    refused(["stylize", tmp_path / "sound.wav", tmp_path / "out.mp4", *STYLE], 3, "no video")


@pytest.mark.parametrize("source", ["pictures", "pictures/*.png", "pictures/0.png"])
def test_input_pictures_are_not_written_over(refused, tmp_path, source):
    import cv2
    import numpy as np

    (tmp_path / "pictures").mkdir()
    for index in range(2):
        cv2.imwrite(str(tmp_path / "pictures" / f"{index}.png"), np.zeros((32, 48, 3), np.uint8))
    refused(["stylize", tmp_path / source, tmp_path / "pictures", "--overwrite", *STYLE], 3, "lost")
