"""Where a run begins: a pack's weights, a file of modules; and who teaches it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

import safetensors.torch

import toy_runs
from many_looks import many_pack, many_recipe
from stylereel.actions.trained_pack import saved
from stylereel.core.errors import MissingInputError, PackError, UsageError
from stylereel.networks.generators import light
from stylereel.packs.card import Card, GeneratorSpec
from stylereel.packs.store import Pack, read_card, save_pack
from stylereel.training.loop import train
from stylereel.training.settings import TrainSettings
from stylereel.training.start import start_from, start_from_pack, teach, teacher_of
from toy_packs import toy_onnx


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    return toy_runs.material(tmp_path_factory.mktemp("material"), recipe="conditional")


def light_pack(folder, student, **changes) -> Pack:
    """A pack of one look, whose network has the student's shape."""
    shape = {key: value for key, value in student.config.model_dump().items() if key != "code_size"}
    config = light.Config(**{**shape, **changes})
    torch.manual_seed(7)
    network = light.Generator(config)
    card = Card(
        name=folder.name,
        title="One",
        license="CC0-1.0",
        generator=GeneratorSpec(key="light", config=config.model_dump()),
        anchor_channels=config.anchor_channels,
        size_multiple=8,
        receptive_field_px=network.receptive_field_px,
    )
    files = {"generator.safetensors": saved(network), "generator.onnx": toy_onnx("identity")}
    return save_pack(folder, card, files)


def test_all_modules_of_a_file_are_taken_and_the_others_stay_fresh(material, tmp_path):
    of, to = material.run(4).recipe, material.run(4).recipe
    for module in of.modules.values():
        for parameter in module.parameters():
            parameter.data.add_(0.25)
    tensors = {
        f"{name}.{key}": value.half()
        for name in ("generator", "codes", "discriminator")
        for key, value in of.modules[name].state_dict().items()
    }
    safetensors.torch.save_file(tensors, tmp_path / "modules.safetensors")
    fresh = {key: value.clone() for key, value in to.encoder.state_dict().items()}
    start_from(str(tmp_path / "modules.safetensors"), to)
    assert torch.allclose(to.codes.named, of.codes.named, atol=2e-3)
    assert torch.allclose(to.generator.stem.layer.weight, of.generator.stem.layer.weight, atol=2e-3)
    assert all(torch.equal(value, fresh[key]) for key, value in to.encoder.state_dict().items())


def test_what_is_no_such_file_is_said(material, tmp_path):
    recipe = material.run(4).recipe
    with pytest.raises(MissingInputError, match="no such file"):
        start_from(str(tmp_path / "absent.safetensors"), recipe)
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(UsageError, match="cannot be read"):
        start_from(str(tmp_path / "text.safetensors"), recipe)
    safetensors.torch.save_file({"codes.named": torch.zeros(2, 3)}, tmp_path / "codes.safetensors")
    with pytest.raises(UsageError, match="holds no generator"):
        start_from(str(tmp_path / "codes.safetensors"), recipe)
    state = {f"generator.{key}": value for key, value in recipe.generator.state_dict().items()}
    state["codes.named"] = torch.zeros(3, 5)
    safetensors.torch.save_file(state, tmp_path / "three.safetensors")
    with pytest.raises(UsageError, match="the same looks and shapes"):
        start_from(str(tmp_path / "three.safetensors"), recipe)


def test_a_teacher_shows_its_own_look_alone_and_the_student_comes_nearer(material, tmp_path):
    run = material.run(12)
    recipe = run.recipe
    pack = light_pack(tmp_path / "one", recipe.generator)
    teacher = teacher_of(pack, "one", recipe.generator)
    recipe.teach({0: teacher})
    reports = list(train(run, material.stream()))
    taught = [report.losses.get("generator/taught") for report in reports]
    given = [value for value in taught if value is not None]
    assert len(given) >= 6 and min(given[-3:]) < given[0]
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_what_is_taught_is_what_the_teacher_paints(material, tmp_path):
    run = material.run(4)
    recipe = run.recipe
    teacher = teacher_of(light_pack(tmp_path / "one", recipe.generator), "one", recipe.generator)
    recipe.teach({0: teacher, 1: teacher})
    rng = torch.Generator().manual_seed(3)
    shared = recipe.forward(next(material.stream()), 0, rng)
    assert len(shared.taught_rows)
    assert shared.taught.shape == shared.content[shared.taught_rows].shape
    assert set(shared.taught_rows.tolist()).isdisjoint(shared.looks.photographs.tolist())
    assert set(shared.taught_rows.tolist()).isdisjoint(shared.looks.referenced.tolist())


def test_packs_that_cannot_teach_are_refused(material, tmp_path):
    recipe = material.run(4).recipe
    many = light_pack(tmp_path / "many", recipe.generator)
    other = Pack(
        many.card.model_copy(update={"generator": GeneratorSpec(key="resnet", config={})}), many.folder
    )
    with pytest.raises(PackError, match="only packs of 'light' can teach"):
        teacher_of(other, "many", recipe.generator)
    anchors = int(recipe.generator.config.anchor_channels)
    fewer = light_pack(tmp_path / "other", recipe.generator, anchor_channels=anchors - 2)
    with pytest.raises(PackError, match="anchor channels"):
        teacher_of(fewer, "other", recipe.generator)


def test_a_recipe_of_one_look_takes_no_teachers(tmp_path):
    recipe = toy_runs.material(tmp_path).run(4).recipe
    settings = TrainSettings.model_validate({"style": [{"path": "somewhere", "teacher": "vangogh"}]})
    with pytest.raises(UsageError, match="takes no teachers"):
        teach(recipe, settings)


def test_codes_are_taken_by_name_and_a_look_that_was_added_is_no_obstacle(material, tmp_path):
    made = many_recipe()
    pack = many_pack(tmp_path / "many", made)
    codes = safetensors.torch.load(pack.read("codes.safetensors"))
    codes["offsets"] = torch.ones(len(pack.card.styles), 7)
    codes = {name: value.contiguous() for name, value in codes.items()}
    (tmp_path / "many" / "codes.safetensors").write_bytes(safetensors.torch.save(codes))
    config = made.config.model_copy(update={"styles": ("water", "ink")})
    recipe = type(made)(config, total_steps=4)
    fresh = recipe.codes.named.detach().clone()
    start_from_pack(load_pack_anew(tmp_path / "many"), "many", recipe)
    assert torch.equal(recipe.codes.named[1], made.codes.named[pack.card.styles.index("ink")])
    assert torch.equal(recipe.codes.named[0], fresh[0])
    assert torch.equal(recipe.encoder.code.weight, made.encoder.code.weight)


def load_pack_anew(folder) -> Pack:
    """A pack one of whose files was rewritten, its card told so."""
    card = read_card(folder)
    files = {name: (folder / name).read_bytes() for name in card.files}
    return save_pack(folder, card, files, overwrite=True)
