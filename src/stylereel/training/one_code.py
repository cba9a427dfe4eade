"""A generator of many looks of which one wide code alone can be trained."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stylereel.networks.generators import conditional, light


class OneCode(conditional.Generator):
    """`conditional` whose weights are buffers, so that nothing trains them, and a code that is learned.

    Where no code is given it shows the learned one.

    Attributes:
        steering: `(S - 1,)`, learned.
        offsets: `(L,)`, learned.
    """

    def __init__(self, config: conditional.Config | None = None) -> None:
        super().__init__(config)
        _hold_still(self)
        self.steering = nn.Parameter(torch.zeros(self.code_size - 1))
        self.offsets = nn.Parameter(torch.zeros(self.offsets_size))

    def begin(self, shared: Mapping[str, Tensor], steering: Tensor) -> None:
        """Take a trained generator's weights, and a code `(S - 1,)` to begin with.

        Raises:
            RuntimeError: the weights are of another shape.
        """
        own = {"steering": steering, "offsets": torch.zeros(self.offsets_size)}
        self.load_state_dict({**shared, **own})

    def shared(self) -> dict[str, Tensor]:
        """The weights that all looks have in common."""
        state = self.state_dict()
        return {name: value for name, value in state.items() if name not in ("steering", "offsets")}

    def code(self) -> Tensor:
        """The learned code, `(S + L,)`."""
        return torch.cat([self.steering, self.steering.new_zeros(1), self.offsets])

    def with_features(
        self, x: Tensor, code: Tensor | None = None, anchors: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """See `conditional.Generator.with_features`; without a code the learned one."""
        return super().with_features(x, self.code().expand(len(x), -1) if code is None else code, anchors)

    def baked(self, code: Tensor) -> light.Generator:
        """See `conditional.Generator.baked`; its weights are parameters again."""
        held = super().baked(code)
        plain = light.Generator(held.config)
        plain.load_state_dict(held.state_dict())
        return plain


def _hold_still(network: nn.Module) -> None:
    for part in network.modules():
        for name, value in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, value.detach())
