"""What is no video gets a clear error; what would open other files is refused."""

from __future__ import annotations

import os

import pytest

from clips import make_clip
from stylereel.core.errors import MissingInputError, RefusedError, VideoOpenError
from stylereel.video.probe import probe
from stylereel.video.safety import VIDEO_DEMUXERS, open_media

SYSTEM_FILE = "/etc/passwd"
SCRIPTS = {
    "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{SYSTEM_FILE}\n#EXT-X-ENDLIST\n",
    "list.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{SYSTEM_FILE}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": f"ffconcat version 1.0\nfile {SYSTEM_FILE}\n",
    "concat.mp4": f"ffconcat version 1.0\nfile '{SYSTEM_FILE}'\n",
    "concat.txt": f"file '{SYSTEM_FILE}'\n",
    "marked.mp4": f"\ufeffffconcat version 1.0\nfile {SYSTEM_FILE}\n",
    "session.sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
    "manifest.mpd": f'<?xml version="1.0"?>\n<MPD><BaseURL>file://{SYSTEM_FILE}</BaseURL></MPD>',
    "manifest.mp4": f'<?xml version="1.0"?>\n<MPD><BaseURL>file://{SYSTEM_FILE}</BaseURL></MPD>',
    "list.pls": f"[playlist]\nFile1={SYSTEM_FILE}\n",
    "script.avs": f'AviSource("{SYSTEM_FILE}")\n',
    "link.mov": "rtsp://127.0.0.1/stream\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_playlist_or_script_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text(SCRIPTS[name])
    with pytest.raises(RefusedError, match="refused") as caught:
        probe(path)
    assert "root:" not in str(caught.value)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat"])
def test_the_demuxer_list_alone_keeps_scripts_out(tmp_path, name, monkeypatch):
    path = tmp_path / name
    path.write_text(SCRIPTS[name])
    monkeypatch.setattr("stylereel.video.safety.refuse_scripts", lambda path: None)
    with pytest.raises((RefusedError, VideoOpenError)):
        open_media(path)


def test_a_playlist_of_a_real_video_is_refused_all_the_same(tmp_path):
    make_clip(tmp_path / "part.ts")
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:0.4,\npart.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(RefusedError):
        probe(path)


def test_no_demuxer_that_opens_other_things_is_on_the_list():
    allowed = set(VIDEO_DEMUXERS.split(","))
    assert not allowed & {
        "hls",
        "dash",
        "concat",
        "sdp",
        "rtsp",
        "rtp",
        "sap",
        "image2",
        "imf",
        "mlv",
        "vobsub",
    }
    assert not allowed & {"tty", "lavfi", "x11grab", "fbdev", "alsa", "video4linux2", "webm_dash_manifest"}


def test_a_name_that_looks_like_a_protocol_is_only_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a.mp4", "http:a.mp4", "pipe:0"):
        with pytest.raises(MissingInputError):
            probe(name)
    make_clip(tmp_path / "plain.mp4", frames=2).rename(tmp_path / "data:x.mp4")
    assert probe("data:x.mp4").width == 64


def test_text_is_not_a_video(tmp_path):
    for name, error in (("a.mp4", VideoOpenError), ("a", VideoOpenError), ("a.txt", RefusedError)):
        path = tmp_path / name
        path.write_text("Dear diary,\nnothing moved today.\n" * 20)
        with pytest.raises(error, match=r"no video or image|text"):
            probe(path)


def test_noise_is_not_a_video(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(os.urandom(5000))
    with pytest.raises((VideoOpenError, RefusedError)):
        probe(path)


def test_an_empty_file_says_so(tmp_path):
    path = tmp_path / "a.mp4"
    path.touch()
    with pytest.raises(VideoOpenError, match="empty"):
        probe(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"nowhere\.mp4"):
        probe(tmp_path / "nowhere.mp4")


def test_sound_alone_has_no_video_stream(tmp_path):
    path = make_clip(tmp_path / "a.mp4", video_streams=0, audio=True)
    with pytest.raises(VideoOpenError, match="no video stream"):
        probe(path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a Unix device file")
def test_devices_are_refused():
    with pytest.raises(RefusedError, match="device"):
        probe("/dev/zero")
