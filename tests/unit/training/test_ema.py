import torch
from torch import nn

from stylereel.training.ema import WeightAverage, recompute_statistics


def test_an_average_is_decay_times_itself_plus_the_rest_of_the_weights() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, 1.0)
    average = WeightAverage(network)
    nn.init.constant_(network.weight, 2.0)
    average.update(network, 0.9)
    assert torch.allclose(average.network.weight, torch.tensor([[1.1]]))  # type: ignore[arg-type]


def test_statistics_are_those_of_the_averaged_weights() -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    pictures = [torch.randn(8, 3, 6, 6) * 3 + 1 for _ in range(4)]
    recompute_statistics(network, pictures)
    with torch.no_grad():
        found = network[0](torch.cat(pictures)).mean(dim=(0, 2, 3))
    mean = network[1].running_mean
    assert isinstance(mean, torch.Tensor) and torch.allclose(found, mean, atol=1e-5)
    assert not network.training and network[1].momentum == 0.1


def test_a_network_without_statistics_is_left_alone() -> None:
    network = nn.Conv2d(3, 3, 1)
    recompute_statistics(network, [torch.zeros(1, 3, 4, 4)])
    assert network.training
