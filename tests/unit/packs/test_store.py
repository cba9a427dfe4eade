import hashlib
import json
import os

import pytest
from onnx import TensorProto, helper, load_from_string

from stylereel.core.errors import OutputError, PackError
from stylereel.packs.store import CARD_NAME, LARGEST_CARD_BYTES, ONNX_NAME, WEIGHTS_NAME, load_pack, save_pack
from toy_packs import toy_card, toy_files, toy_onnx, toy_pack


def edit_card(pack, **changes):
    path = pack.folder / CARD_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def replace_file(pack, name, content):
    """Put other content in, with its right hash, as whoever forges a pack would."""
    (pack.folder / name).write_bytes(content)
    edit_card(pack, files={**pack.card.files, name: hashlib.sha256(content).hexdigest()})


@pytest.fixture
def pack(tmp_path):
    return toy_pack(tmp_path / "toy")


def test_what_was_saved_is_what_is_loaded(pack):
    loaded = load_pack(pack.folder)
    assert loaded.card == pack.card
    assert loaded.read(ONNX_NAME) == toy_onnx("invert")
    assert loaded.preview_path is not None and loaded.size_bytes > 100
    assert not [path for path in pack.folder.iterdir() if path.name.startswith(".")]


def test_a_file_that_was_changed_is_refused_by_its_hash(pack):
    with pack.weights_path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackError, match=r"generator.safetensors is not the file that the card describes"):
        load_pack(pack.folder)


def test_a_file_changed_after_loading_is_refused_when_it_is_read(pack):
    pack.onnx_path.write_bytes(toy_onnx("identity"))
    with pytest.raises(PackError, match="SHA-256"):
        pack.read(ONNX_NAME)


def test_a_missing_file_is_refused(pack):
    pack.onnx_path.unlink()
    with pytest.raises(PackError, match=r"generator.onnx is missing"):
        load_pack(pack.folder)


def test_a_card_that_leaves_a_required_file_out_is_refused(pack):
    files = dict(pack.card.files)
    del files[WEIGHTS_NAME]
    edit_card(pack, files=files)
    with pytest.raises(PackError, match=r"lists no generator.safetensors"):
        load_pack(pack.folder)


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_an_unknown_schema_version_is_refused_with_what_this_one_reads(pack, version):
    edit_card(pack, schema_version=version)
    with pytest.raises(PackError, match=r"schema version .*reads version 1"):
        load_pack(pack.folder)


@pytest.mark.parametrize(
    "config",
    [
        {"width": 10**9},
        {"width": -5000},
        {"slope": 1e300},
        {"name": "x" * 1000},
        {"list": list(range(100))},
        {"a": {"b": {"c": {"d": 1}}}},
    ],
)
def test_a_generator_config_out_of_range_is_refused(pack, config):
    edit_card(pack, generator={"key": "light", "config": config})
    with pytest.raises(PackError, match=r"generator.config.*(out of range|at most)"):
        load_pack(pack.folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"generator": {"key": "../light", "config": {}}},
        {"generator": {"key": "os.system", "config": {}}},
        {"size_multiple": 0},
        {"size_multiple": 100000},
        {"receptive_field_px": -1},
        {"code_size": 1 << 40},
        {"name": "../../etc"},
        {"surprise": 1},
        {"files": {"generator.onnx": "abc"}},
    ],
)
def test_a_card_value_out_of_range_is_refused_and_named(pack, changes):
    edit_card(pack, **changes)
    with pytest.raises(PackError, match=next(iter(changes))):
        load_pack(pack.folder)


@pytest.mark.parametrize("name", ["../outside.bin", "/etc/passwd", "sub/file.bin", "..", "a\\b"])
def test_a_file_name_that_leaves_the_folder_is_refused(pack, name):
    edit_card(pack, files={**pack.card.files, name: "0" * 64})
    with pytest.raises(PackError, match="refused"):
        load_pack(pack.folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_that_leads_out_of_the_folder_is_refused(pack, tmp_path):
    outside = tmp_path / "outside.onnx"
    outside.write_bytes(pack.onnx_path.read_bytes())
    pack.onnx_path.unlink()
    pack.onnx_path.symlink_to(outside)
    with pytest.raises(PackError, match="outside the pack"):
        load_pack(pack.folder)


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs on Windows")
def test_a_pipe_in_place_of_a_file_is_refused_without_waiting_on_it(pack):
    pack.onnx_path.unlink()
    os.mkfifo(pack.onnx_path)
    with pytest.raises(PackError, match="not a plain file"):
        load_pack(pack.folder)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        (r'{"schema_version": 1, "generator": {"key": "light", "config": {"x": "\ud800"}}}', "surrogates"),
        ("[1]", "expected an object"),
        ("[" * 100_000, "not valid JSON"),
        ('{"schema_version": 1, "size_multiple": NaN}', "NaN"),
        (" " * (LARGEST_CARD_BYTES + 1), "bytes; at most"),
    ],
)
def test_a_card_that_is_no_card_is_refused_with_the_reason(pack, text, reason):
    (pack.folder / CARD_NAME).write_text(text)
    with pytest.raises(PackError, match=reason):
        load_pack(pack.folder)


def test_an_onnx_file_that_points_to_another_file_is_refused(pack):
    model = load_from_string(toy_onnx("half"))
    tensor = TensorProto(name="half", data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    model.graph.initializer[0].CopyFrom(tensor)
    replace_file(pack, ONNX_NAME, model.SerializeToString())
    with pytest.raises(PackError, match="keeps its data in another file"):
        load_pack(pack.folder)


def test_an_external_tensor_hidden_in_a_nested_graph_is_found(pack):
    hidden = TensorProto(name="t", data_type=TensorProto.FLOAT)
    hidden.external_data.add(key="location", value="/etc/passwd")
    inner = helper.make_graph([helper.make_node("Constant", [], ["y"], value=hidden)], "inner", [], [])
    outer = helper.make_graph([helper.make_node("If", ["c"], ["z"], then_branch=inner)], "outer", [], [])
    replace_file(pack, ONNX_NAME, helper.make_model(outer).SerializeToString())
    with pytest.raises(PackError, match="keeps its data in another file"):
        load_pack(pack.folder)


@pytest.mark.parametrize("content", [b"", b"\xff" * 50, b"not a model", b"\x3a\xff\x7f"])
def test_bytes_that_are_no_onnx_model_are_refused(pack, content):
    replace_file(pack, ONNX_NAME, content)
    with pytest.raises(PackError, match="not an ONNX model"):
        load_pack(pack.folder)


def test_saving_refuses_to_replace_a_pack_unless_told(pack):
    with pytest.raises(OutputError, match="already holds a style pack"):
        save_pack(pack.folder, toy_card(), toy_files("identity"))
    replaced = save_pack(pack.folder, toy_card(), toy_files("identity"), overwrite=True)
    assert replaced.read(ONNX_NAME) == toy_onnx("identity")


def test_a_pack_that_would_not_load_is_never_written(tmp_path):
    folder = tmp_path / "broken"
    with pytest.raises(PackError):
        save_pack(folder, toy_card(), {WEIGHTS_NAME: b"weights", ONNX_NAME: b"no model"})
    assert not (folder / CARD_NAME).exists() and not list(folder.iterdir())


def test_a_pack_is_written_beside_other_files_that_stay(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "notes.txt").write_text("mine")
    toy_pack(tmp_path / "toy")
    assert (tmp_path / "toy" / "notes.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        toy_pack(tmp_path / "no" / "parent")
