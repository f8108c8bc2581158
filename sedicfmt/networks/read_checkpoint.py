"""Arrays of a PyTorch checkpoint without PyTorch, whose import takes longer than a whole description.

The layout is the one before PyTorch 1.6: pickles of a magic number, a version, the machine's traits, the state and the
storages' keys, then each storage as a count (little-endian int64) and its raw values. The unpickler knows an ordered
dictionary, float and long storages and how a tensor is put together; any other name in the file is refused.
"""

from __future__ import annotations

import math
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sedicfmt.errors import BackendFailed

MAGIC = 0x1950A86A20F9469CFC6C
# what pickle and numpy raise for bytes that are no such file
BROKEN = (
    OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, LookupError, AttributeError, struct.error,
    OverflowError, MemoryError,
)  # fmt: skip
Array = NDArray[Any]


def read_checkpoint(file: Path) -> dict[str, Array]:
    """Names to arrays of float32 or int64. Raises BackendFailed for a file that is no such checkpoint."""
    try:
        with file.open("rb") as source:
            return _read(source)
    except BROKEN as error:
        raise BackendFailed(f"{file.name} is no checkpoint that can be read: {error}") from error


def _read(source: BinaryIO) -> dict[str, Array]:
    if _Unpickler(source).load() != MAGIC:
        raise ValueError("the magic number is another")
    _Unpickler(source).load(), _Unpickler(source).load()  # version; byte order and sizes of types, always the same
    reader = _Unpickler(source)
    state = reader.load()
    for key in _Unpickler(source).load():
        storage = reader.storages[key]
        count = int(np.frombuffer(source.read(8), "<i8")[0])
        if count != storage.size:
            raise ValueError(f"a storage has {count} values, not {storage.size}")
        storage[:] = np.frombuffer(source.read(count * storage.itemsize), storage.dtype)
    if not isinstance(state, dict) or not all(isinstance(value, np.ndarray) for value in state.values()):
        raise ValueError("the state is no dictionary of tensors")
    return dict(state)


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: BinaryIO):
        super().__init__(source)
        self.size = os.fstat(source.fileno()).st_size
        self.storages: dict[str, Array] = {}
        self.known: set[int] = set()  # their identities; they live as long as this does

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a checkpoint")
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> Array:
        _, dtype, key, _, count, _ = pid
        if dtype not in _TYPES or type(count) is not int or not 0 <= count * np.dtype(dtype).itemsize <= self.size:
            raise ValueError("a storage of another type, or larger than the file")
        if key not in self.storages:
            self.storages[key] = np.zeros(count, dtype)
            self.known.add(id(self.storages[key]))
        return self.storages[key]

    def _tensor(self, storage: Array, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Array:
        if id(storage) not in self.known:  # a view of a view has no bounds of its own
            raise ValueError("a tensor of what is no storage")
        return _view(storage, offset, size, stride)


def _view(storage: Array, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> Array:
    """A view of a storage, which is filled later: no place outside of it, no more places than it has."""
    if any(type(n) is not int or n < 0 for n in (offset, *size, *stride)):
        raise ValueError("a tensor's offset, size or stride is no whole number from 0")
    if 0 in size or math.prod(size) > storage.size:
        raise ValueError("a tensor is empty or larger than its storage")
    if offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) >= storage.size:
        raise ValueError("a tensor reaches beyond its storage")
    return np.lib.stride_tricks.as_strided(storage[offset:], size, [s * storage.itemsize for s in stride])


_TYPES = ("<f4", "<i8")
_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}
