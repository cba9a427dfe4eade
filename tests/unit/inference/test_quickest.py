"""What "auto" takes is measured once, remembered, and told."""

import json

import pytest

from stylereel.actions import runner_choice
from stylereel.core.errors import PackError, RunnerFailedError
from stylereel.inference import quickest
from stylereel.inference.quickest import Candidate, measure, remembered
from stylereel.inference.runner import open_runner
from toy_packs import toy_pack


@pytest.fixture
def pack(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLEREEL_CACHE", str(tmp_path / "cache"))
    return toy_pack(tmp_path / "toy", "conv")


@pytest.fixture
def paces(monkeypatch):
    """Seconds of each runner, in place of measured ones; those that are absent fail."""
    known: dict[str, float] = {}

    def timed(pack, name, device, precision, threads):
        if f"{name} {precision}" not in known:
            raise RunnerFailedError("it broke off")
        return Candidate(name, "cpu", precision), known[f"{name} {precision}"]

    monkeypatch.setattr(quickest, "_timed", timed)
    monkeypatch.setattr(quickest, "_may_have_gpu", lambda: False)
    monkeypatch.setattr(quickest, "_has_bf16", lambda: True)
    return known


def test_it_runs_what_is_installed_and_remembers_the_quickest(pack):
    assert remembered(pack, "cpu", "auto", 1) is None
    found = measure(pack, "cpu", "auto", 1)
    assert len(found.milliseconds) >= 2 and all(value > 0 for value in found.milliseconds.values())
    assert str(found.chosen) in found.milliseconds
    assert remembered(pack, "cpu", "auto", 1) == found.chosen
    assert remembered(pack, "cpu", "auto", 2) is None and remembered(pack, "cpu", "fp32", 1) is None


def test_only_a_clear_gain_leaves_the_usual_one(pack, paces):
    paces |= {"openvino bf16": 1.0, "openvino fp32": 2.0, "onnxruntime fp32": 0.95}
    assert measure(pack, "auto", "auto", None).chosen == Candidate("openvino", "cpu", "bf16")
    paces["onnxruntime fp32"] = 0.8
    assert measure(pack, "auto", "auto", None).chosen == Candidate("onnxruntime", "cpu", "fp32")


def test_where_nothing_runs_there_is_no_choice(pack, paces):
    assert measure(pack, "auto", "auto", None) is None


def test_a_damaged_record_is_measured_again(pack, paces, tmp_path):
    paces["openvino fp32"] = 1.0
    measure(pack, "auto", "auto", None)
    (record,) = (tmp_path / "cache").glob("runner-*.json")
    for text in (
        "",
        "[]",
        json.dumps({"runner": "openvino"}),
        json.dumps({"runner": 1, "device": 2, "precision": 3}),
    ):
        record.write_text(text)
        assert remembered(pack, "auto", "auto", None) is None


def test_a_folder_that_cannot_be_written_is_no_matter(pack, paces, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STYLEREEL_CACHE", str(tmp_path / "file"))
    paces["openvino fp32"] = 1.0
    assert measure(pack, "auto", "auto", None).chosen.runner == "openvino"
    assert remembered(pack, "auto", "auto", None) is None


def choice(pack, runner="auto", **settings):
    given = {"begun_with": None, "px_to_come": None, **settings}
    return runner_choice.choose_runner(pack.folder, runner, "auto", "auto", None, **given)


def test_a_short_job_is_not_held_up_and_a_long_one_is_measured_once(pack, paces):
    paces |= {"openvino bf16": 0.02, "openvino fp32": 0.04, "onnxruntime fp32": 0.01}
    short = choice(pack, px_to_come=1e6)
    assert (short.runner, short.notices) == ("auto", ())
    long = choice(pack, px_to_come=1e9)
    assert long.runner == "onnxruntime" and "onnxruntime on cpu, fp32: 10 ms" in long.notices[0]
    again = choice(pack, px_to_come=1e6)
    assert (again.runner, again.precision, again.notices) == ("onnxruntime", "fp32", ())


def test_who_names_a_runner_gets_it_and_a_resumed_job_goes_on_with_its_own(pack, paces):
    paces["onnxruntime fp32"] = 0.01
    assert choice(pack, "torch").runner == "torch"
    before = Candidate.parsed("openvino on cpu, bf16")
    resumed = choice(pack, begun_with=before)
    assert (resumed.runner, resumed.device, resumed.precision) == ("openvino", "cpu", "bf16")
    assert Candidate.parsed("something else") is None


def test_int8_is_taken_only_where_the_pack_has_it(pack):
    with pytest.raises(PackError, match="stylereel quantize toy"):
        open_runner(pack, "openvino", precision="int8")
