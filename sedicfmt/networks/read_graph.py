"""Weights of a frozen TensorFlow graph without TensorFlow: of protobuf's messages, those few that lead to them.

    GraphDef: node -> NodeDef: name, attr -> (key, AttrValue) -> TensorProto: tensor_shape, tensor_content

Only for files that are known by their SHA-256: what is read is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def stored_weights(graph: memoryview, wanted: Callable[[str], bool]) -> dict[str, NDArray[np.float32]]:
    """The float32 constants whose nodes have a wanted name, by that name; `graph`: the file's bytes."""
    found = {}
    for key, node in fields(graph):
        parts = fields(node)  # the name is the first
        if key == GRAPH_NODE and wanted(name := str(next(parts)[1], "utf-8")):
            found[name] = next(_tensors(value for number, value in parts if number == NODE_ATTRIBUTE))
    return found


def _tensors(attributes: Iterator[memoryview]) -> Iterator[NDArray[np.float32]]:
    """What those attributes hold that are a tensor; a constant has one, its other attribute is the type."""
    for attribute in attributes:
        tensor = field(field(attribute, MAP_VALUE), VALUE_TENSOR)
        if tensor is not None:
            parts = dict(fields(tensor))
            numbers = bytes(parts[TENSOR_CONTENT])  # a copy: in the file they may begin anywhere, which is slow
            sizes = [field(size, SHAPE_SIZE) for _, size in fields(parts[TENSOR_SHAPE])]
            yield np.frombuffer(numbers, "<f4").reshape(sizes)


def field(message: memoryview, number: int) -> Any:
    """The first field of that number, None without one."""
    for key, value in fields(message):
        if key == number:
            return value
    return None


def fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Number and value of each field in order: an integer, or the bytes of what is longer."""
    place, end = 0, len(message)
    while place < end:
        key, place = _integer(message, place)
        kind = key & 7
        if kind == VARINT:
            value, place = _integer(message, place)
            yield key >> 3, value
        else:
            length, place = _integer(message, place) if kind == COUNTED else (FIXED[kind], place)
            yield key >> 3, message[place : place + length]
            place += length


def _integer(message: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first; and where it ends."""
    number = shift = 0
    while (byte := message[place]) > 127:
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
    return number | byte << shift, place + 1


VARINT, COUNTED, FIXED = 0, 2, {1: 8, 5: 4}  # kinds of fields, and the bytes of those of a fixed length
GRAPH_NODE, NODE_ATTRIBUTE, MAP_VALUE, VALUE_TENSOR = 1, 5, 2, 8
TENSOR_SHAPE, TENSOR_CONTENT, SHAPE_SIZE = 2, 4, 1
