"""An ONNX graph put together node by node, whose weights stay where they are: in the file of numbers that ships.

A tensor of ONNX may be "external data": a file's name, an offset and a length. So a graph is some tens of kilobytes, and the
weights file, whose SHA-256 is known, is the only place of a weight, for numpy, torch, ONNX Runtime and a browser alike.
What is stored small is made float32 by the first nodes, exactly as `networks/small_weights.py` does; a runtime does that once,
when it opens the graph.

Maps are (batch, channels, rows, columns), of any number of rows and columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sedicfmt.networks.small_weights import UNIT

OPSET, IR_VERSION = 20, 9  # of 2023: what browsers' runtimes know as well


@dataclass(frozen=True)
class Stored:
    """A tensor's place in a file beside the graph."""

    file: str
    offset: int
    length: int
    dtype: int
    shape: tuple[int, ...]


def stored_tensors(data: bytes, file: str) -> dict[str, Stored]:
    """The tensors of a safetensors file called `file`: its header is 8 bytes of length and JSON."""
    begin = 8 + int.from_bytes(data[:8], "little")
    told = json.loads(data[8:begin])
    return {
        name: Stored(file, begin + one["data_offsets"][0], int(np.subtract(*one["data_offsets"][::-1])),
                     TYPES[one["dtype"]], tuple(one["shape"]))
        for name, one in told.items() if name != "__metadata__"
    }  # fmt: skip


@dataclass
class Graph:
    """Nodes in order. Every method adds some and gives the name of their result; a name is made once."""

    stored: Mapping[str, Stored]
    nodes: list[Any] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """The result of one operator, or a list of its results."""
        names = [f"{op}_{len(self.nodes)}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=names[0], **attributes))
        return names if outputs > 1 else names[0]

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A small tensor within the graph."""
        array = np.asarray(values, dtype)
        told = f"{array.dtype}{array.shape}".encode() + array.tobytes()
        name = f"constant_{hashlib.sha256(told).hexdigest()[:12]}"
        self.tensors.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def ints(self, *values: int) -> str:
        """int64 (n,), as shapes and axes are."""
        return self.constant(values, np.int64)

    def raw(self, name: str) -> str:
        """A stored tensor as it is stored."""
        place = self.stored[name]
        tensor = TensorProto(name=name, data_type=place.dtype, dims=place.shape, data_location=TensorProto.EXTERNAL)
        for key in ("offset", "length"):
            tensor.external_data.add(key=key, value=str(getattr(place, key)))
        tensor.external_data.insert(0, onnx.StringStringEntryProto(key="location", value=place.file))
        self.tensors.setdefault(name, tensor)
        return name

    def weight(self, name: str, *shape: int) -> str:
        """A stored weight in float32, in its own shape or another of as many entries."""
        if (key := f"{name} {shape}") in self.made:
            return self.made[key]
        value = self.floats(self.raw(name))
        if name + UNIT in self.stored:
            ones = [1] * (len(self.stored[name].shape) - 1)
            value = self.node("Mul", value, self.reshape(self.floats(self.raw(name + UNIT)), -1, *ones))
        self.made[key] = self.reshape(value, *shape) if shape else value
        return self.made[key]

    def floats(self, x: str) -> str:
        """In float32."""
        return self.node("Cast", x, to=TensorProto.FLOAT)

    def reshape(self, x: str, *shape: int) -> str:
        """-1: what is left; 0: as it was."""
        return self.node("Reshape", x, self.ints(*shape))

    def add(self, x: str, *more: str) -> str:
        """The sum."""
        for other in more:
            x = self.node("Add", x, other)
        return x

    # -- layers -------------------------------------------------------------------------------------------------------

    def convolution(self, x: str, name: str, kernel: int = 1, stride: int = 1, groups: int = 1) -> str:
        """With zeros around; `kernel` = `stride` is a linear layer on patches: torch's pixel_unshuffle and a 1x1 layer.
        The stored weight may be (out, in), or (out, in * kernel * kernel, 1, 1) of a layer on patches."""
        out, pad = self.stored[name + ".weight"].shape[0], (kernel // 2 if stride == 1 else 0)
        weight = self.weight(name + ".weight", out, -1, kernel, kernel)
        around: dict[str, Any] = {
            "kernel_shape": [kernel] * 2,
            "strides": [stride] * 2,
            "pads": [pad] * 4,
            "group": groups,
        }
        return str(self.node("Conv", x, weight, self.weight(name + ".bias"), **around))

    def linear(self, x: str, name: str) -> str:
        """On the last axis."""
        weight = self.node("Transpose", self.weight(name + ".weight"), perm=[1, 0])
        return self.add(self.node("MatMul", x, weight), self.weight(name + ".bias"))

    def shuffle(self, x: str, r: int) -> str:
        """torch's pixel_shuffle (G-1): (b, c r r, h, w) -> (b, c, h r, w r)."""
        return str(self.node("DepthToSpace", x, blocksize=r, mode="CRD"))

    def unshuffle(self, x: str, r: int, channels: int) -> str:
        """torch's pixel_unshuffle; ONNX has the channels in another order."""
        order = np.arange(channels * r * r).reshape(r * r, channels).T.reshape(-1)
        cut = self.node("SpaceToDepth", x, blocksize=r)
        return str(self.node("Gather", cut, self.constant(order, np.int64), axis=1))

    # -- the file -----------------------------------------------------------------------------------------------------

    def file(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, tuple[str, Shape]]) -> bytes:
        """The graph as a file. `inputs`: name -> (type, sizes); `outputs`: name -> (result, (type, sizes))."""
        for told, (result, _) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [result], [told]))
        given = [helper.make_tensor_value_info(n, *shape) for n, shape in inputs.items()]
        gives = [helper.make_tensor_value_info(n, *shape) for n, (_, shape) in outputs.items()]
        graph = helper.make_graph(self.nodes, name, given, gives, list(self.tensors.values()))
        version = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=version, ir_version=IR_VERSION, producer_name="sedicfmt")
        return bytes(model.SerializeToString(deterministic=True))


Shape = tuple[int, Sequence[int | str]]


def shape(dtype: int, *sizes: int | str) -> Shape:
    """A type of ONNX, and sizes: numbers, or names of those that are free."""
    return dtype, sizes


TYPES = {"I8": TensorProto.INT8, "I32": TensorProto.INT32, "F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}
