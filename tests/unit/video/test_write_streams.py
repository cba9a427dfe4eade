from fractions import Fraction
from itertools import pairwise

import av
import pytest

from stylereel.video.reader import FrameReader
from stylereel.video.writer import FrameWriter
from written_media import SIZE, frame_times, gray_frames, make_source, packets_of, source_info


def restyle(source, output, **options):
    """The identity stage: read, write."""
    start, end = options.get("start_seconds"), options.get("end_seconds")
    with (
        FrameReader(source, start_seconds=start, end_seconds=end) as reader,
        FrameWriter(
            output,
            info=reader.info,
            source_path=source,
            size=(reader.info.width, reader.info.height),
            **options,
        ) as writer,
    ):
        for frame in reader:
            writer.write(frame)
        return writer.finish()


@pytest.mark.parametrize(
    ("source", "codecs", "output"),
    [
        ("s.mp4", ("aac",), "o.mp4"),
        ("s.mp4", ("aac", "libmp3lame"), "o.mkv"),
        ("s.mkv", ("flac", "ac3"), "o.mkv"),
        ("s.mkv", ("libopus",), "o.webm"),
        ("s.mkv", ("ac3",), "o.mp4"),
        ("s.mkv", ("pcm_s16le",), "o.mp4"),
        ("s.mkv", ("pcm_s16le",), "o.mov"),
        ("s.mkv", ("libmp3lame",), "o.avi"),
        ("s.ts", ("libmp3lame",), "o.mp4"),
        ("s.mov", ("aac",), "o.mkv"),
    ],
)
def test_sound_is_copied_bit_for_bit_where_the_container_allows(tmp_path, source, codecs, output):
    path = make_source(tmp_path / source, audio=codecs)
    summary = restyle(path, tmp_path / output)
    assert not [notice for notice in summary.notices if "sound" in notice]
    shift = frame_times(tmp_path / output)[0] - frame_times(path)[0]
    for number in range(len(codecs)):
        before, after = packets_of(path, "audio", number), packets_of(tmp_path / output, "audio", number)
        if codecs[number].startswith("pcm"):  # QuickTime groups samples as it likes
            assert b"".join(data for _, data in before) == b"".join(data for _, data in after)
            continue
        assert [data for _, data in before] == [data for _, data in after]
        if not output.endswith("avi"):
            for (old, _), (new, _) in zip(before, after, strict=True):
                assert abs(new - old - shift) <= Fraction(2, 1000)


@pytest.mark.parametrize(
    ("codec", "output", "expected"),
    [
        ("aac", "o.webm", "opus"),
        ("aac", "o.avi", "mp3"),
        ("libopus", "o.mov", None),
        ("flac", "o.avi", "mp3"),
    ],
)
def test_sound_that_the_container_cannot_hold_is_re_encoded_with_a_notice(tmp_path, codec, output, expected):
    path = make_source(tmp_path / "s.mkv", audio=(codec,))
    summary = restyle(path, tmp_path / output)
    with av.open(str(tmp_path / output)) as media:
        sound = media.streams.audio[0]
        seconds = sum(frame.samples for frame in media.decode(sound)) / sound.codec_context.sample_rate
    assert seconds == pytest.approx(2, abs=0.08)
    if expected:
        assert any("re-encoded" in notice for notice in summary.notices)
        assert expected in sound.codec_context.name


def test_vorbis_in_mp4_becomes_aac(tmp_path):
    path = make_source(tmp_path / "s.mkv", audio=("vorbis",))
    summary = restyle(path, tmp_path / "o.mp4")
    assert any("aac" in notice for notice in summary.notices)


def test_languages_titles_and_metadata_stay(tmp_path):
    tags = {"title": "A walk", "comment": "Filmed in May"}
    path = make_source(tmp_path / "s.mkv", audio=("aac", "aac"), metadata=tags)
    restyle(path, tmp_path / "o.mp4", metadata={"comment": "Stylized", "stylereel_pack": "wave"})
    with av.open(str(tmp_path / "o.mp4")) as media:
        assert media.metadata["title"] == "A walk"
        assert media.metadata["comment"] == "Filmed in May\nStylized"
        assert media.metadata["stylereel_pack"] == "wave"
        assert [stream.language for stream in media.streams.audio] == ["eng", "deu"]


@pytest.mark.parametrize(("source", "output"), [("s.mp4", "o.mp4"), ("s.mkv", "o.mp4"), ("s.mp4", "o.mkv")])
@pytest.mark.parametrize("late", [Fraction(1, 4), Fraction(-1, 5)])
def test_sound_and_picture_stay_apart_as_they_were(tmp_path, source, output, late):
    path = make_source(
        tmp_path / source, video_start=max(Fraction(0), late), audio_start=max(Fraction(0), -late)
    )
    restyle(path, tmp_path / output)

    def gap(file):
        return packets_of(file, "audio")[0][0] - min(frame_times(file))

    assert abs(gap(path) - gap(tmp_path / output)) <= Fraction(2, 1000)
    assert abs(frame_times(path)[0] - frame_times(tmp_path / output)[0]) <= Fraction(1, 1000)


def test_sound_from_before_zero_in_matroska_moves_no_frame(tmp_path):
    path = make_source(tmp_path / "s.mp4")
    restyle(path, tmp_path / "o.mkv")
    assert packets_of(path, "audio")[0][0] < 0
    assert frame_times(tmp_path / "o.mkv")[:3] == [0, Fraction(40, 1000), Fraction(80, 1000)]


@pytest.mark.parametrize(
    ("source", "kind", "output", "result"),
    [
        ("s.mkv", "srt", "o.mkv", "subrip"),
        ("s.mp4", "mov_text", "o.mp4", "mov_text"),
        ("s.mkv", "srt", "o.mp4", "mov_text"),
        ("s.mp4", "mov_text", "o.mkv", "subrip"),
        ("s.mkv", "ass", "o.webm", "webvtt"),
    ],
)
def test_subtitles_are_copied_or_rewritten_at_their_times(tmp_path, source, kind, output, result):
    path = make_source(tmp_path / source, subtitles=kind)
    summary = restyle(path, tmp_path / output)
    with av.open(str(tmp_path / output)) as media:
        stream = media.streams.subtitles[0]
        assert stream.codec_context.name in (result, {"subrip": "srt"}.get(result))
        assert stream.language == "eng"
        lines = [(p.pts * p.time_base, bytes(p)) for p in media.demux(stream) if p.size > 2]
    assert [b"Line %d" % n in data for n, (_, data) in enumerate(lines)] == [True] * 4
    for number, (seconds, _) in enumerate(lines):
        assert abs(seconds - Fraction(number, 2)) <= Fraction(2, 1000)
    rewritten = any("subtitle" in notice for notice in summary.notices)
    assert rewritten == ((source[-3:], output[-3:]) not in (("mkv", "mkv"), ("mp4", "mp4")))


@pytest.mark.parametrize("output", ["o.mp4", "o.mkv", "o.webm", "o.mov"])
def test_chapters_stay(tmp_path, output):
    path = make_source(tmp_path / "s.mkv", chapters=True)
    restyle(path, tmp_path / output)
    with av.open(str(tmp_path / output)) as media:
        chapters = media.chapters()
    assert [chapter["metadata"]["title"] for chapter in chapters] == ["Part 0", "Part 1"]
    assert [chapter["start"] * chapter["time_base"] for chapter in chapters] == [0, 1]


def test_fonts_stay_in_matroska_and_are_named_where_they_cannot(tmp_path):
    path = make_source(tmp_path / "s.mkv", attachment=True)
    restyle(path, tmp_path / "o.mkv")
    with av.open(str(tmp_path / "o.mkv")) as media:
        assert media.streams.attachments[0].data == b"not a font" * 20
    assert any("attachments" in notice for notice in restyle(path, tmp_path / "o.mp4").notices)


@pytest.mark.parametrize(("source", "output"), [("s.mp4", "o.mp4"), ("s.mkv", "o.mkv"), ("s.mkv", "o.mp4")])
def test_a_cut_cuts_sound_subtitles_and_chapters(tmp_path, source, output):
    kind = "srt" if source.endswith("mkv") else "mov_text"
    path = make_source(tmp_path / source, seconds=3, subtitles=kind, chapters=True)
    restyle(path, tmp_path / output, start_seconds=0.7, end_seconds=2.2)
    pictures = frame_times(tmp_path / output)
    assert len(pictures) == sum(Fraction(7, 10) <= time < Fraction(11, 5) for time in frame_times(path))
    originals = {data: seconds for seconds, data in packets_of(path, "audio")}
    unique = {data for data in originals if sum(d == data for _, d in packets_of(path, "audio")) == 1}
    sound = packets_of(tmp_path / output, "audio")
    packet_seconds = Fraction(1024, 48000)
    assert abs(sound[0][0]) <= packet_seconds
    assert abs(sound[-1][0] - Fraction(3, 2)) <= 2 * packet_seconds
    for seconds, data in sound:
        assert data in originals
        if data in unique:
            assert abs(originals[data] - seconds - Fraction(7, 10)) <= Fraction(2, 1000)
    with av.open(str(tmp_path / output)) as media:
        lines = [
            (p.pts * p.time_base, (p.pts + p.duration) * p.time_base)
            for p in media.demux(media.streams.subtitles[0])
            if p.size > 2
        ]
        chapters = media.chapters()
    # Lines stood at 0.5-0.9, 1.0-1.4, 1.5-1.9 and 2.0-2.4.
    expected = [(0, 0.2), (0.3, 0.7), (0.8, 1.2), (1.3, 1.5)]
    for got, want in zip(lines, expected, strict=True):
        assert [float(value) for value in got] == pytest.approx(want, abs=0.003)
    starts = [float(chapter["start"] * chapter["time_base"]) for chapter in chapters]
    assert starts == pytest.approx([0, 0.3, 1.3], abs=0.002)


def test_a_broadcast_starts_at_zero_with_its_sound(tmp_path):
    path = make_source(tmp_path / "s.ts", audio=("libmp3lame",))
    restyle(path, tmp_path / "o.mp4")
    assert min(frame_times(tmp_path / "o.mp4")[0], packets_of(tmp_path / "o.mp4", "audio")[0][0]) <= 0


def test_what_a_gif_cannot_hold_is_named(tmp_path):
    path = make_source(tmp_path / "s.mkv", subtitles="srt", chapters=True)
    notices = " ".join(restyle(path, tmp_path / "o.gif").notices)
    assert "sound" in notices and "subtitles" in notices and "chapters" in notices


def test_pictures_alone_are_written_when_nothing_is_to_be_copied(tmp_path):
    path = make_source(tmp_path / "s.mp4")
    with FrameWriter(
        tmp_path / "o.mp4", info=source_info(path), source_path=path, size=SIZE, copy_streams=False
    ) as writer:
        for frame in gray_frames():
            writer.write(frame)
    with av.open(str(tmp_path / "o.mp4")) as media:
        assert [stream.type for stream in media.streams] == ["video"]


def test_sound_from_matroska_gets_its_exact_times_back_in_mp4(tmp_path):
    path = make_source(tmp_path / "s.mkv")
    restyle(path, tmp_path / "o.mp4")
    times = [seconds for seconds, _ in packets_of(tmp_path / "o.mp4", "audio")]
    assert {later - earlier for earlier, later in pairwise(times)} == {Fraction(1024, 48000)}


def test_a_late_sound_in_avi_is_told(tmp_path):
    path = make_source(tmp_path / "s.mkv", audio=("libmp3lame",), audio_start=Fraction(1, 4))
    assert any("AVI cannot say" in notice for notice in restyle(path, tmp_path / "o.avi").notices)
