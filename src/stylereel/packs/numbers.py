"""Looks for weights that are no numbers: NaN and infinity spread over every pixel that they touch."""

from __future__ import annotations

import numpy as np
import safetensors

from stylereel.core.errors import PackError

_EXPONENTS = {"F16": ("<u2", 0x7C00), "BF16": ("<u2", 0x7F80), "F32": ("<u4", 0x7F800000)}
_EXPONENTS["F64"] = ("<u8", 0x7FF0000000000000)
NOT_FINITE = "weights that are NaN or infinite"


def is_finite(data: bytes | bytearray | memoryview, kind: str) -> bool:
    """False where one of the numbers is NaN or infinite.

    Args:
        data: little-endian numbers; what is left over at the end is not looked at.
        kind: "F16", "BF16", "F32" or "F64"; others are always finite.
    """
    if kind not in _EXPONENTS:
        return True
    number, exponent = _EXPONENTS[kind]
    whole = len(data) // np.dtype(number).itemsize
    bits = np.frombuffer(data, number, whole)
    return not bool(np.any(bits & bits.dtype.type(exponent) == exponent))


def refuse_bad_weights(content: bytes, where: str) -> None:
    """Raise unless `content` is a whole safetensors file of finite numbers.

    Raises:
        PackError: it is not; the text says why.
    """
    try:
        tensors = safetensors.deserialize(content)
    except Exception as error:  # the library's own, and what its header's values cause
        raise PackError(f"{where} is no safetensors file that can be read: {error}.") from None
    for name, tensor in tensors:
        if not is_finite(tensor["data"], str(tensor["dtype"])):
            raise PackError(f"{where} holds {NOT_FINITE} ({name[:100]!r}): the training went wrong.")
