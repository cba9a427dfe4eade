"""The runner that trains too: torch, on the CPU, CUDA or Apple's GPU, from the pack's own weights."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import numpy as np

from stylereel.core.errors import EnvironmentMissingError, PackError, UsageError
from stylereel.core.registry import family
from stylereel.inference.cpu import cpu_features
from stylereel.inference.runner import Footprint, RunnerReport, State, checked_code, refuse_device
from stylereel.inference.runners._torch_cuda import MOST_LANES, CudaNetwork, Device
from stylereel.inference.sizing import anchors_with_margin, with_margin
from stylereel.packs.store import WEIGHTS_NAME, Pack

NAME = "torch"
INSTALL = "Install it with: pip install 'stylereel[train]'"
CUDA_ADVICE = "For a GPU install a torch build made for it: see https://pytorch.org/get-started/locally"
FOOTPRINTS = {"bf16": Footprint(3.5, 40.0), "fp32": Footprint(7.6, 20.0)}
CUDA_FOOTPRINTS = {"bf16": Footprint(4.0, 120.0), "fp32": Footprint(8.0, 200.0)}
"""bf16 measured (an H200: 134 bytes a pixel of a frame), fp32 reckoned from it.

With what cuDNN works in, and the parts that an allocator cannot use."""
GENERATORS = family("stylereel.networks.generators")


class Runner:
    """Runs the folded generator in channels-last order, in bf16 where the device is made for it."""

    name = NAME
    lanes_from_px = 0
    """A card idles while frames of any size are carried to it and back."""

    def __init__(
        self, pack: Pack, device: str = "auto", *, threads: int | None = None, precision: str = "auto"
    ) -> None:
        torch = self._torch = _import()
        devices = _devices(torch)
        refuse_device(NAME, device, devices, CUDA_ADVICE)
        if precision == "int8":
            raise EnvironmentMissingError(
                "The runner 'torch' computes in fp32 or bf16: for int8 use openvino or onnxruntime."
            )
        self.device = devices[0] if device == "auto" else device
        self.precision = _precision(torch, self.device) if precision == "auto" else precision
        self.footprint = (CUDA_FOOTPRINTS if self.device == "cuda" else FOOTPRINTS)[self.precision]
        self.most_lanes = MOST_LANES if self.device == "cuda" else 1
        if threads is not None:
            torch.set_num_threads(threads)
        self._multiple, self.anchor_channels = pack.card.size_multiple, pack.card.anchor_channels
        self.ends_size = pack.ends_size
        network = _for_running(pack).eval().requires_grad_(False)
        self._on_cuda, self._network = None, None
        if self.device == "cuda":
            self._on_cuda = self._for_cuda(network)
        else:
            self._network = network.to(self.device, memory_format=torch.channels_last)

    def run(
        self, frames: np.ndarray, code: np.ndarray | None, state: State, anchors: np.ndarray | None = None
    ) -> tuple[np.ndarray, State]:
        """Apply the network; see `inference.runner.Runner.run`."""
        ends = checked_code(code, len(frames), self.ends_size) if self.ends_size else None
        if self._on_cuda is not None:
            return self._on_cuda.run(frames, anchors, ends), state
        torch = self._torch
        padded, (rows, columns) = with_margin(frames, self._multiple)
        is_bf16 = self.precision == "bf16"
        with torch.inference_mode(), torch.autocast(self.device, torch.bfloat16, enabled=is_bf16):
            pictures = torch.from_numpy(padded).to(self.device)
            # NHWC memory seen as NCHW is what channels_last means: no copy.
            inputs = [pictures.permute(0, 3, 1, 2).float() * (2 / 255) - 1]
            if ends is not None:
                inputs.append(torch.from_numpy(ends).to(self.device))
            if self.anchor_channels:
                extended = anchors_with_margin(anchors, frames, padded, (rows, columns), self.anchor_channels)
                inputs.append(torch.from_numpy(extended).to(self.device))
            assert self._network is not None
            stylized = self._network(*inputs)
            levels = ((stylized.float() + 1) * 127.5).clamp_(0, 255).round_().to(torch.uint8)
            result = levels[:, :, rows, columns].permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return result, state

    def use_lanes(self, count: int) -> None:
        """See `inference.runner.ManyAtOnce.use_lanes`."""
        if self._on_cuda is not None:
            self._on_cuda.use_lanes(count)

    def forget(self) -> None:
        """See `inference.runner.Runner.forget`."""
        if self._on_cuda is not None:
            self._on_cuda.forget()
        elif self.device == "mps":
            self._torch.mps.empty_cache()

    def free_bytes(self) -> int | None:
        """Of a CUDA device; Apple's GPU shares the machine's memory."""
        return None if self._on_cuda is None else self._on_cuda.free_bytes()

    def _for_cuda(self, folded: Any) -> CudaNetwork:
        from stylereel.networks.blocked import between_levels

        torch = self._torch
        exact = self.precision == "fp32"
        network: Any = between_levels(folded, torch.float32 if exact else torch.bfloat16)
        network = network.to("cuda", memory_format=torch.channels_last)
        return CudaNetwork(
            Device(torch),
            network,
            self._multiple,
            self.anchor_channels,
            self.footprint,
            exact=exact,
            ends_size=self.ends_size,
        )


def _for_running(pack: Pack) -> Any:
    """The folded network: of one look, or to be steered."""
    generator = load_generator(pack).eval()
    if not pack.ends_size:
        return generator.folded()
    from stylereel.networks.steered import Steered

    return Steered(generator)


def load_generator(pack: Pack) -> Any:
    """The pack's generator with its weights, on the CPU, as an `nn.Module`.

    The shapes are compared with the weights before the network is built, so that a card cannot ask for
    more memory than its own weights take.

    Raises:
        EnvironmentMissingError: torch is absent.
        PackError: the generator is unknown, its config out of range, or the weights belong to another shape.
    """
    torch = _import()
    from pydantic import ValidationError
    from safetensors.torch import load

    spec, where = pack.card.generator, pack.weights_path
    try:
        module = GENERATORS.load(spec.key)
        config = module.Config.model_validate(spec.config)
        state = load(pack.read(WEIGHTS_NAME))
        with torch.device("meta"):
            expected = {
                key: tuple(value.shape) for key, value in module.Generator(config).state_dict().items()
            }
    except UsageError as error:
        raise PackError(f"{pack.folder}: {error}") from error
    except ValidationError as error:
        reason = "; ".join(finding["msg"] for finding in error.errors(include_url=False))
        raise PackError(f"{pack.folder}: its generator's config is refused: {reason}.") from error
    except PackError:
        raise
    except Exception as error:
        raise PackError(f"{where} cannot be read as safetensors: {error}.") from error
    found = {key: tuple(value.shape) for key, value in state.items()}
    if found != expected:
        wrong = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
        raise PackError(
            f"{where} belongs to another generator: {len(wrong)} tensors differ, first {wrong[0]}."
        )
    generator = module.Generator(config)
    generator.load_state_dict(state)
    return generator


def report() -> RunnerReport:
    """What this machine has of torch."""
    try:
        torch = _import()
    except EnvironmentMissingError as error:
        return RunnerReport(NAME, None, (), problem=str(error))
    devices = _devices(torch)
    return RunnerReport(NAME, str(torch.__version__), devices, _precision(torch, devices[0]))


def _import() -> ModuleType:
    missing = EnvironmentMissingError(f"The runner 'torch' is not installed. {INSTALL}")
    try:
        if importlib.util.find_spec("torch") is None:
            raise missing
        import torch
    except ValueError:  # find_spec's answer where sys.modules holds None
        raise missing from None
    except (ImportError, OSError) as error:
        raise EnvironmentMissingError(f"The runner 'torch' does not load: {error}. {INSTALL}") from error
    return torch


def _devices(torch: ModuleType) -> tuple[str, ...]:
    """What torch can use here, the quickest first."""
    found = ["cuda"] if torch.cuda.is_available() else []
    found += ["mps"] if torch.backends.mps.is_available() else []
    return (*found, "cpu")


def _precision(torch: ModuleType, device: str) -> str:
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if device == "cpu" and "amx_bf16" in cpu_features() else "fp32"
