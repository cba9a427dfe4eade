"""The setting that chooses a generator: a table with a name, read, written and refused."""

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from pydantic import BaseModel

from stylereel.core.errors import UsageError
from stylereel.core.settings import make_settings
from stylereel.networks.chosen import GENERATORS, GeneratorConfig, build_generator, name_of
from stylereel.networks.generators import light, resnet


class Some(BaseModel):
    generator: GeneratorConfig = light.Config()


def read(table: object) -> BaseModel:
    return make_settings(Some, {"generator": table}, "the test").generator


def test_a_table_without_a_name_is_of_the_light_generator():
    assert read({"blocks": 2}) == light.Config(blocks=2)


def test_a_name_chooses_the_generator_whose_shape_the_table_is():
    assert read({"name": "resnet", "blocks": 6}) == resnet.Config(blocks=6)


def test_a_generator_that_takes_codes_is_another_recipes():
    with pytest.raises(ValueError, match="recipe 'conditional'"):
        Some.model_validate({"generator": {"name": "conditional"}})


@pytest.mark.parametrize("name", [name for name in GENERATORS.names() if name != "conditional"])
def test_what_is_written_is_read_again_and_built(name):
    config = GENERATORS.load(name).Config()
    written = Some(generator=config).model_dump(mode="json")
    assert written["generator"]["name"] == name_of(config) == name
    assert Some.model_validate(written).generator == config
    with torch.device("meta"):
        assert build_generator(config).config == config


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"name": "resnt"}, "Did you mean 'resnet'"),
        ({"blokcs": 2}, "for the generator 'light', unknown key 'blokcs'. Did you mean 'blocks'"),
        ({"name": "resnet", "trunk_channels": 8}, "for the generator 'resnet', unknown key 'trunk_channels'"),
        ({"name": "resnet", "blocks": 99}, "less than or equal to 16"),
        (3, "'generator' is 3"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_known(table, says):
    with pytest.raises(UsageError, match=says):
        read(table)
