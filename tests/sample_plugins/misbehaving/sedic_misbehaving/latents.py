"""Ways not to write a latent codec: `--model bad-latent:WAY`. A file of it is decoded as the byte in its y says.

A way of the encoder is what it gives; a way of the decoder is a function of the file and of the codec.
"""

import numpy as np

from sedicfmt.errors import BackendFailed, Malformed
from sedicfmt.latents.interfaces import CodedLatent
from sedicfmt.model import Extension


def fail(error):
    """Raise it."""
    raise error


def fine(way=0):
    """A latent whose decoder goes that way."""
    return CodedLatent(16, b"", bytes([way]))


def extended(*extensions):
    """A latent with extensions."""
    return CodedLatent(16, b"", b"y", {}, extensions)


ENCODING = {
    "none": lambda: None,
    "tuple": lambda: (16, b"", b"y"),
    "scale-0": lambda: CodedLatent(0, b"", b"y"),
    "scale-text": lambda: CodedLatent("16", b"", b"y"),
    "array": lambda: CodedLatent(16, b"", np.zeros(3, np.uint8)),
    "settings": lambda: CodedLatent(16, b"", b"y", None),
    "extensions": lambda: CodedLatent(16, b"", b"y", {}, (b"more",)),
    "critical": lambda: extended(Extension(100, True, b"a")),
    "critical-text": lambda: extended(Extension(100, "yes", b"a")),
    "allocated-type": lambda: extended(Extension(50, False, b"a")),
    "no-type": lambda: extended(Extension(200, False, b"a")),
    "no-bytes": lambda: extended(Extension(100, False, "a")),
    "twice": lambda: extended(Extension(100, False, b"a"), Extension(100, False, b"b")),
    "settings-keys": lambda: CodedLatent(16, b"", b"y", {(1, 2): 3}),
    "segment": lambda: CodedLatent(16, b"", bytes(2 << 20)),
    "malformed": lambda: fail(Malformed("there is no file yet")),
    "error-of-an-error": lambda: fail(BackendFailed(ValueError("said by another"))),
    "key": lambda: {}["absent"],
    "memory": lambda: fail(RuntimeError("CUDA out of memory")),
}
DECODING = {
    "no-latent": lambda file: None,
    "raises": lambda file: fail(KeyError("weights")),
    "small": lambda file: Decoded(np.zeros((10, 10, 3), np.uint8)),
    "float": lambda file: Decoded(np.zeros((*file.coded_size[::-1], 3))),
    "picture-none": lambda file: Decoded(None),
    "stops": lambda file: fail(SystemExit(0)),
}
WAYS = [*DECODING]
ASKING = {"asks-of-bytes": b"y", "asks-of-extensions": CodedLatent(16, b"", b"y", {}, [1])}


class Decoded:
    """Paints what it was given."""

    def __init__(self, picture):
        self.picture = picture

    def digests(self):
        return {"z": "no digest"}

    def paint(self):
        return self.picture


class Codec:
    """Goes one of the ways."""

    name, model_id, licence, least_scale = "bad-latent", 250, "Apache-2.0", 1

    def __init__(self, way):
        self.way = way

    def encoder(self, picture, refine=False):
        return self

    def usual(self):
        return ENCODING[self.way]() if self.way in ENCODING else fine(WAYS.index(self.way))

    smallest = usual

    def best(self, size, most_bytes, least_scale):
        if self.way in ASKING:
            size(ASKING[self.way])
        return CodedLatent(16, b"", bytes(4000)) if self.way == "over-budget" else self.usual()

    def decode(self, file):
        return DECODING[WAYS[file.y[0]]](file)


def open_codec(argument):
    """The factory; "allocated" takes an id of the specification."""
    made = Codec(argument or "small")
    if argument == "allocated":
        made.model_id = 2
    return made
