"""What a batch makes of its jobs: names, endings, order, and what it refuses before anything runs."""

import shutil

import cv2
import numpy as np
import pytest

from stylereel.actions.batch_jobs import job_of
from stylereel.actions.batch_plan import expand
from stylereel.core.errors import MissingInputError, OutputError, UsageError


@pytest.fixture
def clips(tmp_path):
    """Files that nobody opens, and a picture."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("b.mov", "a2.mp4", "a10.wmv", "notes.txt", ".hidden.mp4"):
        (folder / name).write_bytes(b"")
    cv2.imwrite(str(folder / "p.jpg"), np.zeros((8, 8, 3), np.uint8))
    return folder


def expanded(base, **job):
    return expand([("jobs", job_of({"styles": ["wave"], "output": "out", **job}, "jobs"))], base)


def names(base, **job):
    return [str(v.output.relative_to(base)) for v in expanded(base, **job).variants]


def test_a_folder_gives_its_videos_and_pictures_in_natural_order_and_tells_of_the_rest(clips, tmp_path):
    found = expanded(tmp_path, source="clips")
    assert [v.source.name for v in found.variants] == ["a2.mp4", "a10.wmv", "b.mov", "p.jpg"]
    assert [v.output.name for v in found.variants] == [
        "a2-wave.mp4",
        "a10-wave.mp4",
        "b-wave.mov",
        "p-wave.jpg",
    ]
    assert "notes.txt" in found.notices[0] and ".hidden" not in found.notices[0]


def test_every_file_is_laid_out_in_every_look_at_every_size_look_by_look(clips, tmp_path):
    found = expanded(tmp_path, source="clips/*.m*", styles=["wave", "ukiyoe"], sizes=["vertical", 1280])
    assert [(v.look, v.size, v.source.name) for v in found.variants] == [
        (look, size, name)
        for look in ("wave", "ukiyoe")
        for size in ("vertical", "1280")
        for name in ("a2.mp4", "b.mov")
    ]
    assert found.variants[0].options == {"preset": "vertical"} and found.variants[2].options == {
        "max_side": 1280
    }


def test_looks_of_several_jobs_are_made_together(clips, tmp_path):
    jobs = [
        ("1", job_of({"source": "clips/b.mov", "styles": ["wave", "ukiyoe"], "output": "one"}, "1")),
        ("2", job_of({"source": "clips/b.mov", "styles": ["ukiyoe", "wave"], "output": "two"}, "2")),
    ]
    assert [v.look for v in expand(jobs, tmp_path).variants] == ["wave", "wave", "ukiyoe", "ukiyoe"]


def test_a_pattern_names_the_outputs_and_may_say_the_ending(clips, tmp_path):
    job = dict(source="clips/b.mov", sizes=["source", "square"])
    assert names(tmp_path, **job, output="o/{style}/{size}/{name}") == [
        "o/wave/source/b.mov",
        "o/wave/square/b.mov",
    ]
    assert names(tmp_path, **job, output="o/{name}.{size}-x.mp4") == ["o/b.source-x.mp4", "o/b.square-x.mp4"]
    with pytest.raises(UsageError, match=r"field 'stile'. Did you mean 'style'"):
        expanded(tmp_path, **job, output="o/{stile}")
    with pytest.raises(UsageError, match="nothing else in the braces"):
        expanded(tmp_path, **job, output="o/{name:d}")
    assert names(tmp_path, **job, output="o{{1}}")[0] == "o{1}/b-wave-source.mov"
    with pytest.raises(UsageError, match="is no pattern"):
        expanded(tmp_path, **job, output="o/{name")


@pytest.mark.parametrize(
    ("source", "options", "ending"),
    [
        ("b.mov", {}, ".mov"),
        ("b.mov", {"codec": "prores"}, ".mov"),
        ("b.mov", {"codec": "ffv1"}, ".mkv"),
        ("a2.mp4", {"codec": "prores"}, ".mov"),
        ("a10.wmv", {"sizes": ["story"]}, ".mp4"),
        ("p.jpg", {}, ".jpg"),
        ("p.jpg", {"codec": "png"}, ".png"),
    ],
)
def test_the_ending_is_the_sources_own_where_that_holds_what_is_asked_for(
    clips, tmp_path, source, options, ending
):
    (name,) = names(tmp_path, source=f"clips/{source}", **options)
    assert name.endswith(ending)


def test_pictures_of_a_folder_are_left_out_of_presets_that_make_videos(clips, tmp_path):
    found = expanded(tmp_path, source="clips", sizes=["square", 64])
    assert [v.source.name for v in found.variants if v.size == "square"] == ["a2.mp4", "a10.wmv", "b.mov"]
    assert any(v.source.name == "p.jpg" for v in found.variants if v.size == "64")
    assert any("p.jpg is left out of square" in notice for notice in found.notices)


def test_a_pattern_is_one_below_a_folder_of_any_name(clips, tmp_path):
    folder = tmp_path / "jobs [1]"
    shutil.copytree(clips, folder / "clips")
    assert names(folder, source="clips/*.mov") == ["out/b-wave.mov"]
    with pytest.raises(OutputError, match="the next time"):
        expanded(folder, source="clips/*.mov", output="clips")


def test_two_outputs_of_one_name_are_refused_with_what_would_tell_them_apart(clips, tmp_path):
    with pytest.raises(UsageError, match=r"put \{style\} into its name"):
        expanded(tmp_path, source="clips/b.mov", styles=["wave", "ukiyoe"], output="out/{name}")
    with pytest.raises(UsageError, match=r"put \{size\} into its name"):
        expanded(tmp_path, source="clips/b.mov", sizes=[64, 32], output="out/{name}-{style}")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.mov").write_bytes(b"")
    with pytest.raises(UsageError, match="its own folder"):
        expanded(tmp_path, source=["clips/b.mov", "more/b.mov"])


def test_an_output_that_is_a_source_or_would_become_one_is_refused(clips, tmp_path):
    with pytest.raises(OutputError, match="read by the same batch"):
        expanded(tmp_path, source="clips/b.mov", output="clips/{name}")
    for source in ("clips", "clips/*.mov", "**/*.mov"):
        with pytest.raises(OutputError, match="the next time"):
            expanded(tmp_path, source=source, output="clips")
    assert names(tmp_path, source="clips/b.mov", output="clips") == ["clips/b-wave.mov"]


def test_what_is_not_there_or_no_size_is_told_before_anything(clips, tmp_path):
    for source in ("clips/none.mp4", "clips/*.xyz"):
        with pytest.raises(MissingInputError):
            expanded(tmp_path, source=source)
    with pytest.raises(UsageError, match=r"size 'squar'. Did you mean 'square'"):
        expanded(tmp_path, source="clips", sizes=["squar"])
    with pytest.raises(UsageError, match="both say the preset"):
        expanded(tmp_path, source="clips", sizes=["square"], preset="lecture")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="no video and no picture"):
        expanded(tmp_path, source="empty")


def test_a_folder_of_a_pack_is_found_beside_the_jobs(clips, tmp_path):
    (tmp_path / "mine").mkdir()
    (variant,) = expanded(tmp_path, source="clips/b.mov", styles="./mine").variants
    assert variant.style == str(tmp_path / "mine") and variant.look == "mine"


def read_off(tmp_path, *jobs):
    laid = [
        (str(n), job_of({"source": "clips/b.mov", "output": "out", **job}, str(n)))
        for n, job in enumerate(jobs)
    ]
    return expand(laid, tmp_path).variants


def test_looks_read_off_references_are_named_after_them_and_need_no_style(clips, tmp_path):
    found = read_off(
        tmp_path,
        {"reference": "art/large: *blue* horses?.jpg"},
        {"reference": ["art/senecio.png", "films/park.mp4"], "styles": "many"},
        {"styles": "many:oil*0.7+ink"},
    )
    assert [v.output.name for v in found] == [
        "b-large-blue-horses.mov",
        "b-senecio+park.mov",
        "b-many-oil-0.7+ink.mov",
    ]
    assert [v.style for v in found] == [None, "many", "many:oil*0.7+ink"]
    assert [v.look for v in found] == [
        "reference large: *blue* horses?.jpg",
        "reference senecio.png + park.mp4",
        "many:oil*0.7+ink",
    ]


def test_looks_that_would_be_called_the_same_get_numbers_in_their_order(clips, tmp_path):
    found = read_off(
        tmp_path,
        {"reference": "one/wave.jpg"},
        {"reference": "two/Wave.png"},
        {"reference": "one/wave.jpg", "variation": 3},
        {"styles": "wave"},
        {"reference": "one/wave.jpg", "source": "clips/a2.mp4"},
    )
    assert {v.output.name for v in found} == {
        "b-wave.mov", "b-Wave-2.mov", "b-wave-3.mov", "b-wave-4.mov", "a2-wave.mp4"
    }  # fmt: skip


def test_a_job_that_says_no_look_at_all_is_refused(clips, tmp_path):
    with pytest.raises(UsageError, match="no style is named"):
        read_off(tmp_path, {})


def test_a_timeline_lies_beside_the_jobs_and_may_go_by_the_source_s_name(clips, tmp_path):
    for name in ("b", "a2"):
        (tmp_path / f"{name}.toml").write_text('style = "many"\n[[key]]\nat = 0\nlook = "oil"\n', "utf-8")
    found = read_off(tmp_path, {"timeline": "{name}.toml", "source": ["clips/b.mov", "clips/a2.mp4"]})
    assert [(v.options["timeline"], v.style) for v in found] == [
        (str(tmp_path / f"{name}.toml"), None) for name in ("b", "a2")
    ]
    with pytest.raises(OutputError, match="read by the same batch"):
        read_off(tmp_path, {"timeline": "b.toml", "output": "{name}.toml"})
