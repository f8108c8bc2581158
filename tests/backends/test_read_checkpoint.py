"""A checkpoint whose tensors are said to lie elsewhere than in their storage reads no foreign memory."""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedicfmt.errors import BackendFailed
from sedicfmt.networks.read_checkpoint import MAGIC, read_checkpoint


class _Storage(NamedTuple):
    """What torch names a storage by, written as a persistent id."""

    kind: object
    count: object


def checkpoint_of(state: object, *storages: list[float]) -> bytes:
    """A checkpoint in the old layout; storages are named 0, 1, ..."""
    out = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, given: Any) -> Any:
            return ("storage", given.kind, "0", "cpu", given.count, None) if isinstance(given, _Storage) else None

    for part in (MAGIC, 1001, {}):
        pickle.dump(part, out, protocol=2)
    Pickler(out, protocol=2).dump(state)
    pickle.dump([str(i) for i in range(len(storages))], out, protocol=2)
    for values in storages:
        out.write(len(values).to_bytes(8, "little") + np.array(values, "<f4").tobytes())
    return out.getvalue()


class _Tensor:
    """Pickled as torch pickles one."""

    def __init__(self, *parts: object):
        self.parts = parts

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _rebuild_tensor_v2, self.parts


def _rebuild_tensor_v2(*parts: object) -> None: ...


_rebuild_tensor_v2.__module__ = "torch._utils"
numbers = st.integers(-9, 9) | st.sampled_from([1 << 62, -(1 << 62), 1 << 70, 1.0, None, True])


@given(
    offset=numbers,
    size=st.lists(numbers, max_size=3),
    stride=st.lists(numbers, max_size=3),
    kind=st.sampled_from(["<f4", "<i8", "|O"]),
    count=numbers,
)
def test_a_tensor_is_within_its_storage_or_refused(
    tmp_path_factory: pytest.TempPathFactory, offset: Any, size: Any, stride: Any, kind: str, count: Any
) -> None:
    file = tmp_path_factory.getbasetemp() / "tensor.pth"
    state = {"a": _Tensor(_Storage(kind, count), offset, tuple(size), tuple(stride), False, {})}
    with patched_torch():
        file.write_bytes(checkpoint_of(state, [1.0] * (count if type(count) is int and 0 < count < 10 else 1)))
    try:
        values = read_checkpoint(file)["a"]
    except BackendFailed:
        return
    assert (values == 1).all() and values.size <= count  # whatever it is, it was written here


@pytest.mark.parametrize(
    ("offset", "size", "stride"), [(-1, (1,), (1,)), (3, (2,), (-3,)), (0, (-1,), (1,)), (0, (10**9,), (0,))]
)
def test_foreign_memory_is_not_read(tmp_path: Path, offset: int, size: tuple[int], stride: tuple[int]) -> None:
    with patched_torch():
        state = {"a": _Tensor(_Storage("<f4", 4), offset, size, stride, False, {})}
        (tmp_path / "x.pth").write_bytes(checkpoint_of(state, [1.0] * 4))
        whole = {"a": _Tensor(_Storage("<f4", 4), 1, (3,), (1,), False, {})}
        (tmp_path / "y.pth").write_bytes(checkpoint_of(whole, [1.0] * 4))
        (tmp_path / "z.pth").write_bytes(checkpoint_of({"a": 3}))
    assert read_checkpoint(tmp_path / "y.pth")["a"].shape == (3,)
    for name in ("x.pth", "z.pth"):
        with pytest.raises(BackendFailed, match=r"is no checkpoint that can be read: (a tensor|the state)"):
            read_checkpoint(tmp_path / name)


@contextmanager
def patched_torch() -> Iterator[None]:
    """Pickle looks up what it writes by its name, and its package first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", types.SimpleNamespace())
        patch.setitem(sys.modules, "torch._utils", types.SimpleNamespace(_rebuild_tensor_v2=_rebuild_tensor_v2))
        yield


@pytest.mark.parametrize("deep", [1, 2, 5])
def test_a_tensor_of_a_tensor_is_refused(tmp_path: Path, deep: int) -> None:
    """A view that repeats one value is as long as its storage, and holds one: bounds taken from it are no bounds."""
    tensor: object = _Storage("<f4", 4)
    for offset, stride in [(3, 0)] + [(0, 1)] * deep:
        tensor = _Tensor(tensor, offset, (4,), (stride,), False, {})
    with patched_torch():
        (tmp_path / "x.pth").write_bytes(checkpoint_of({"a": tensor}, [1.0] * 4))
    with pytest.raises(BackendFailed, match="a tensor of what is no storage"):
        read_checkpoint(tmp_path / "x.pth")
