"""The shelf: labels, limits, and what lies there for how long."""

import pytest

pytest.importorskip("fastapi", reason="the studio extra is not installed")

from stylereel.studio import shelf as shelf_module
from stylereel.studio.events import Events
from stylereel.studio.problem import Problem
from stylereel.studio.settings import StudioSettings
from stylereel.studio.shelf import DAY_SECONDS, MediaShelf, label

FACTS = {
    "kind": "picture", "width": 2, "height": 2, "seconds": None, "frames": 1, "frame_rate": None,
    "has_sound": False, "codec": "png", "content_type": "image/png",
}  # fmt: skip


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shelf(tmp_path, clock) -> MediaShelf:
    return MediaShelf(StudioSettings(folder=tmp_path, upload_bytes=100, uploads_at_once=2), Events(), clock)


def put(shelf: MediaShelf, name: str = "a.png"):
    incoming = shelf.incoming(3)
    incoming.write(b"abc")
    media = shelf.keep(incoming.finish(name), name, FACTS, origin="upload")
    incoming.discard()
    return media


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("a\0b\nc.mp4", "a b c.mp4"),
        ("..", "untitled"),
        ("", "untitled"),
        ("/", "untitled"),
        ("x" * 500 + ".mp4", "x" * 116 + ".mp4"),
        ("Ferien am Meer ☀.mov", "Ferien am Meer ☀.mov"),
        ("\ud800broken.png", "?broken.png"),
    ],
)
def test_a_name_is_a_label_and_no_path(name, shown):
    assert label(name) == shown


def test_what_was_put_there_is_there_after_a_restart_and_half_written_things_are_not(shelf, tmp_path, clock):
    media = put(shelf)
    (tmp_path / "media" / "half").mkdir()
    (tmp_path / "incoming" / "left.mp4").write_bytes(b"x")
    again = MediaShelf(StudioSettings(folder=tmp_path), Events(), clock)
    assert again.all() == [media] and again.path(media.id).read_bytes() == b"abc"
    assert not (tmp_path / "media" / "half").exists() and not any((tmp_path / "incoming").iterdir())


def test_media_is_removed_when_its_time_is_over_and_not_before(shelf, clock):
    media = put(shelf)
    clock.now = media.expires - 1
    assert not shelf.remove_expired().removed
    clock.now = media.expires
    assert media.expires == 1000 + 7 * DAY_SECONDS
    path = shelf.path(media.id)
    assert shelf.remove_expired().removed == [media.id]
    assert not path.parent.exists()


def test_what_a_job_needs_is_kept(shelf, clock):
    needed, other = put(shelf), put(shelf)
    shelf.is_in_use = lambda media_id: media_id == needed.id
    with pytest.raises(Problem, match=r"A job needs 'a\.png'") as refused:
        shelf.remove(needed.id)
    assert refused.value.status == 409
    clock.now = 1e12
    told = shelf.remove_all()
    assert told.removed == [other.id] and told.kept == [needed.id]


def test_who_has_a_file_open_is_told_before_it_goes(shelf):
    media, told = put(shelf), []
    shelf.before_removal.append(lambda path: told.append(path.read_bytes()))
    shelf.remove(media.id)
    assert told == [b"abc"]


def test_a_stated_size_over_the_limit_is_refused_at_once_and_an_unstated_one_as_it_arrives(shelf, tmp_path):
    with pytest.raises(Problem) as refused:
        shelf.incoming(101)
    assert refused.value.status == 413
    incoming = shelf.incoming(None)
    incoming.write(bytes(100))
    with pytest.raises(Problem) as refused:
        incoming.write(b"1")
    incoming.discard()
    assert refused.value.status == 413 and not any((tmp_path / "incoming").iterdir())


def test_a_full_disk_is_told(shelf, monkeypatch):
    monkeypatch.setattr(shelf_module, "SPARE_BYTES", 2**62)
    with pytest.raises(Problem) as refused:
        shelf.incoming(1)
    assert refused.value.status == 507 and "no room" in refused.value.text


def test_so_many_uploads_arrive_at_a_time_and_no_more(shelf):
    arriving = [shelf.incoming(None), shelf.incoming(None)]
    with pytest.raises(Problem) as refused:
        shelf.incoming(None)
    assert refused.value.status == 429
    for incoming in arriving:
        incoming.discard()
    shelf.incoming(None).discard()
