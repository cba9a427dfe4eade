"""What a killed run leaves is used only where it is whole, and removed only where it is ours."""

import hashlib
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from stylereel.core.errors import OutputError, ResumeError
from stylereel.video.fingerprint import source_fingerprint
from stylereel.video.packet_log import PacketWriter, read_packets
from stylereel.video.parts import Parts, described_difference, discard_parts, remove_remains
from written_media import source_info

TICK = Fraction(1, 12800)


def packet(number, dts=None):
    made = av.Packet(bytes([number]) * (100 + number))
    made.pts, made.dts, made.duration, made.is_keyframe = number * 512, dts, 512, number == 0
    return made


def kept(tmp_path, parts=3):
    """A job with finished parts of two packets each."""
    made = Parts.begin(tmp_path / "out.mp4", {"input": "a", "strength": "1.0"}, (64, 48), 2)
    made.state_before = lambda frames: f"state before {frames}".encode()
    for index in range(parts):
        log = PacketWriter(made.next_packets(), tick=TICK, extradata=b"x")
        for number in range(2):
            log.write(packet(2 * index + number))
        file = log.finish()
        content = {"name": file.name, "bytes": file.bytes, "sha256": file.sha256}
        made.commit(
            is_last=False, frames=2 * index + 2, concealed=0, first="0", end=str(index), content=content
        )
    return made


def test_packets_come_back_exactly_with_times_before_zero_and_none(tmp_path):
    log = PacketWriter(tmp_path / "p", tick=TICK, extradata=b"header")
    given = [packet(0, -1024), packet(2, None), packet(1, 512)]
    for one in given:
        log.write(one)
    file = log.finish()
    back = list(read_packets(tmp_path / "p", tick=TICK, extradata=b"header"))
    facts = [(p.pts, p.dts, p.duration, p.is_keyframe, bytes(p)) for p in given]
    assert [(p.pts, p.dts, p.duration, p.is_keyframe, bytes(p)) for p in back] == facts
    assert all(p.time_base == TICK for p in back)
    assert file.sha256 == hashlib.sha256((tmp_path / "p").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data + b"more",
        lambda data: b"",
        lambda data: b"another file" + data,
        lambda data: data[:20] + struct.pack("<I", 1 << 31) + data[24:],
        lambda data: data[:30] + b"\xff" + data[31:],
    ],
)
def test_a_damaged_file_of_packets_is_refused_and_never_read_as_another(tmp_path, harm):
    log = PacketWriter(tmp_path / "p", tick=TICK, extradata=b"")
    log.write(packet(3))
    log.finish()
    (tmp_path / "p").write_bytes(harm((tmp_path / "p").read_bytes()))
    with pytest.raises(ResumeError):
        list(read_packets(tmp_path / "p", tick=TICK, extradata=b""))


def test_packets_on_another_clock_or_of_another_encoder_are_refused(tmp_path):
    PacketWriter(tmp_path / "p", tick=TICK, extradata=b"a").finish()
    for settings in ({"tick": TICK, "extradata": b"b"}, {"tick": TICK / 2, "extradata": b"a"}):
        with pytest.raises(ResumeError, match="another way"):
            list(read_packets(tmp_path / "p", **settings))
    with pytest.raises(ResumeError, match="missing"):
        list(read_packets(tmp_path / "q", tick=TICK, extradata=b"a"))


def test_finished_parts_and_the_newest_state_are_found_again(tmp_path):
    kept(tmp_path)
    found = Parts.find(tmp_path / "out.mp4")
    assert found.frames == 6 and found.state() == b"state before 6" and not found.is_whole
    assert found.job.identity == {"input": "a", "strength": "1.0"}
    states = sorted(path.name for path in found.folder.glob("*.state"))
    assert states == ["000002.state", "000003.state"]  # the last two


@pytest.mark.parametrize("name", ["000002.packets", "000002.json", "000003.state"])
@pytest.mark.parametrize("harm", ["removed", "cut", "changed"])
def test_a_damaged_last_part_is_done_again_from_the_state_before_it(tmp_path, name, harm):
    path = kept(tmp_path).folder / name
    data = path.read_bytes()
    path.unlink() if harm == "removed" else path.write_bytes(data[:-1] if harm == "cut" else data[:-1] + b"?")
    found = Parts.find(tmp_path / "out.mp4")
    assert found.frames == 4 and found.state() == b"state before 4"
    assert not (found.folder / "000002.packets").exists() and not (found.folder / "000002.json").exists()


def test_a_half_written_part_after_the_finished_ones_is_removed(tmp_path):
    made = kept(tmp_path)
    (made.folder / "000003.packets.partial").write_bytes(b"half")
    (made.folder / "000003.packets").write_bytes(b"whole, but without a record")
    (made.folder / "000004.json").write_bytes(b"{}")
    found = Parts.find(tmp_path / "out.mp4")
    assert found.frames == 6
    assert not {"000003.packets.partial", "000003.packets", "000004.json"} & {
        path.name for path in found.folder.iterdir()
    }


def test_damage_too_far_back_is_told_and_not_papered_over(tmp_path):
    made = kept(tmp_path)
    (made.folder / "000000.packets").write_bytes(b"gone")
    with pytest.raises(ResumeError, match=r"damaged.*--overwrite"):
        Parts.find(tmp_path / "out.mp4")
    (made.folder / "job.json").write_text("{")
    with pytest.raises(ResumeError, match="cannot be read"):
        Parts.find(tmp_path / "out.mp4")


def test_a_record_cannot_point_outside_its_folder(tmp_path):
    made = kept(tmp_path, parts=1)
    (tmp_path / "secret").write_bytes((made.folder / "000000.packets").read_bytes())
    record = made.folder / "000000.json"
    record.write_text(record.read_text().replace("000000.packets", "../secret"))
    with pytest.raises(ResumeError):
        Parts.find(tmp_path / "out.mp4")


def test_a_folder_of_that_name_which_is_not_ours_is_left_alone(tmp_path):
    folder = tmp_path / "out.mp4.unfinished"
    folder.mkdir()
    (folder / "novel.txt").write_text("mine")
    assert Parts.find(tmp_path / "out.mp4") is None
    for attempt in (
        lambda: Parts.begin(tmp_path / "out.mp4", {}, (4, 4), 2),
        lambda: discard_parts(tmp_path / "out.mp4"),
    ):
        with pytest.raises(OutputError, match="something else"):
            attempt()
    assert (folder / "novel.txt").read_text() == "mine"


def test_removing_goes_no_further_than_the_folder(tmp_path):
    made = kept(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a").write_text("kept")
    (made.folder / "pictures").symlink_to(elsewhere)
    made.discard()
    assert not made.folder.exists() and (elsewhere / "a").read_text() == "kept"


@pytest.mark.parametrize("removed", range(8))
def test_killed_while_it_is_removed_a_whole_job_is_there_or_nothing_is(tmp_path, monkeypatch, removed):
    made = kept(tmp_path)
    real, count = Path.unlink, [0]

    def killed(path, **settings):
        count[0] += 1
        if count[0] > removed:
            raise KeyboardInterrupt
        real(path, **settings)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", killed)
        made.discard()
    assert Parts.find(tmp_path / "out.mp4") is None and not made.folder.exists()
    remove_remains(tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())


def test_remains_that_are_not_ours_stay_and_do_not_stand_in_the_way(tmp_path):
    made = kept(tmp_path)
    other = tmp_path / "out.mp4.unfinished.done"
    other.mkdir()
    (other / "novel.txt").write_text("mine")
    remove_remains(tmp_path / "out.mp4")
    made.discard()
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
    assert (other / "novel.txt").read_text() == "mine"


def test_two_jobs_are_told_apart_in_words():
    before = {"input": "a" * 64, "strength": "1.0", "codec": "h264"}
    assert described_difference(before, dict(before)) == ""
    now = {"input": "b" * 64, "strength": "0.7", "codec": "h264", "crop": "1:1"}
    assert (
        described_difference(before, now) == "input, strength (was 1.0, now 0.7), crop (was not set, now 1:1)"
    )


def test_a_source_is_known_by_its_content_wherever_it_lies(tmp_path):
    data = bytes(range(256)) * 40_000
    paths = [tmp_path / "a.mp4", tmp_path / "elsewhere.mkv"]
    for path in paths:
        path.write_bytes(data)
    prints = [source_fingerprint(source_info(path)) for path in paths]
    assert prints[0] == prints[1]
    for at in (0, 5_000_000, len(data) - 1):
        changed = bytearray(data)
        changed[at] ^= 1
        # What lies between the stretches that are read can change unseen; the ends and sizes cannot.
        paths[1].write_bytes(changed)
        if at in (0, len(data) - 1):
            assert source_fingerprint(source_info(paths[1])) != prints[0]
    paths[1].write_bytes(data[:-1])
    assert source_fingerprint(source_info(paths[1])) != prints[0]


def test_a_folder_of_pictures_is_known_by_names_and_content(tmp_path):
    paths = tuple(tmp_path / f"{k}.png" for k in range(5))
    for k, path in enumerate(paths):
        path.write_bytes(bytes([k]) * (0 if k == 2 else 50))
    info = source_info(tmp_path, kind="images", image_paths=paths)
    first = source_fingerprint(info)
    paths[3].write_bytes(b"\x03" * 49 + b"x")
    assert source_fingerprint(info) != first
    empty = source_info(tmp_path, kind="images", image_paths=(paths[2],))
    assert len(source_fingerprint(empty)) == 64
