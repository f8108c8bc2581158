"""Ways not to write a back end. The specification's argument chooses one: `--describe bad:none`, `--restorer bad:small`.

A way is a function of the picture (and of what else there is) that gives, or does, what is wrong. "fine" is one that is not.
"""

import asyncio
import sys

import numpy as np

from sedicfmt.decoders.interfaces import Restored
from sedicfmt.encoders.interfaces import Box, DescribedObject, Description, Detection
from sedicfmt.errors import Malformed, SedicError

NUMBER = 7


class Unspeakable(Exception):
    """An error whose message is an error."""

    def __str__(self):
        raise ValueError("no words")


def fail(error):
    """Raise it."""
    raise error


def one(name="cat", text="cat", pixels=None, box=None, score=1.0):
    """A description of one object."""
    return Description("fine", (DescribedObject(name, text, pixels, box, score),))


def circle():
    """A report that holds itself."""
    told = {}
    told["me"] = told
    return told


def ones(image):
    """A mask of the whole picture."""
    return np.ones(image.shape[:2], np.uint8)


def drawn(image):
    """Writes into the picture that it was given."""
    image[:] = 0
    return Description("fine")


DESCRIBERS = {
    "fine": lambda image: one(box=Box(1, 1, 20, 20)),
    "named": lambda image: one(),
    "none": lambda image: None,
    "dict": lambda image: {"overall": "a cat"},
    "overall-none": lambda image: Description(None),
    "overall-bytes": lambda image: Description(b"a cat"),
    "surrogate": lambda image: Description("half \ud800"),
    "wordy": lambda image: Description("word " * 900),
    "long": lambda image: Description("w" * 70000),
    "many": lambda image: Description("fine", tuple(DescribedObject(f"cat {i}", "cat") for i in range(9))),
    "objects-none": lambda image: Description("fine", None),
    "objects-texts": lambda image: Description("fine", ("cat", "dog")),
    "nameless": lambda image: one(""),
    "text-number": lambda image: one("cat", 7),
    "mask-small": lambda image: one(pixels=np.ones((3, 3), np.uint8)),
    "mask-float": lambda image: one(pixels=ones(image).astype(np.float32)),
    "mask-255": lambda image: one(pixels=ones(image) * 255),
    "mask-list": lambda image: one(pixels=[[1, 0], [0, 1]]),
    "box-tuple": lambda image: one(box=(0, 0, 9, 9)),
    "box-nan": lambda image: one(box=Box(0, 0, float("nan"), 9)),
    "score-text": lambda image: one(score="high"),
    "report-list": lambda image: Description("fine", (), ["seconds"]),
    "report-circle": lambda image: Description("fine", (), circle()),
    "seconds-text": lambda image: Description("fine", (), {"seconds": {"look": "long"}}),
    "warnings-number": lambda image: Description("fine", (), {"warnings": [7]}),
    "writes": drawn,
    "raises": lambda image: fail(ValueError("a bad day")),
    "speechless": lambda image: fail(Unspeakable()),
    "exits": lambda image: sys.exit(0),
    "cancelled": lambda image: fail(asyncio.CancelledError()),
    "recursion": lambda image: DESCRIBERS["recursion"](image),
    "os-error": lambda image: fail(FileNotFoundError(2, "No such file", "model.bin")),
    "root-error": lambda image: fail(SedicError("something")),
    "malformed": lambda image: fail(Malformed("no file was read")),
    "memory": lambda image: fail(RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")),
    "memory-error": lambda image: fail(MemoryError()),
    "interrupted": lambda image: fail(KeyboardInterrupt()),
}
GROUNDERS = {
    "fine": lambda image, phrases: [Detection(phrase, 0.5, Box(1, 1, 20, 20)) for phrase in phrases],
    "few": lambda image, phrases: (),
    "none": lambda image, phrases: None,
    "boxes": lambda image, phrases: [Box(0, 0, 9, 9) for _ in phrases],
    "score": lambda image, phrases: [Detection(phrase, 7.0, Box(1, 1, 20, 20)) for phrase in phrases],
    "raises": lambda image, phrases: fail(KeyError("model")),
}
SEGMENTERS = {
    "few": lambda image, boxes: [],
    "small": lambda image, boxes: [np.ones((5, 5), np.uint8) for _ in boxes],
    "bool": lambda image, boxes: [ones(image).astype(bool) for _ in boxes],
    "raises": lambda image, boxes: fail(ZeroDivisionError("division by zero")),
}
RESTORERS = {
    "small": lambda asked: Restored(np.zeros((10, 10, 3), np.uint8)),
    "float": lambda asked: Restored(asked.reference / 255),
    "grey": lambda asked: Restored(asked.reference[:, :, 0]),
    "array": lambda asked: asked.reference,
    "none": lambda asked: None,
    "record-number": lambda asked: Restored(asked.reference, {"steps": 4}),
    "record-key": lambda asked: Restored(asked.reference, {"schritte ü": "4"}),
    "warnings-text": lambda asked: Restored(asked.reference, {}, "one warning"),
    "step-text": lambda asked: asked.on_step("whole", "1", "2"),
    "stage-outside": lambda asked: asked.on_picture("../outside", asked.reference),
    "stage-small": lambda asked: asked.on_picture("whole", asked.reference[:4]),
    "writes": lambda asked: asked.reference.fill(0),
    "raises": lambda asked: fail(IndexError("list index out of range")),
    "exits": lambda asked: sys.exit("bye"),
    "memory": lambda asked: fail(RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")),
}


class Bad:
    """Every method there is; `way` is what it does."""

    def __init__(self, way):
        self.describe = lambda image, request: way(image)
        self.ground = self.segment = lambda image, asked: way(image, asked)
        self.restore = way


def open_describer(argument):
    """A describer."""
    return Bad(DESCRIBERS[argument])


def open_grounder(argument):
    """A grounder."""
    return Bad(GROUNDERS[argument])


def open_segmenter(argument):
    """A segmenter."""
    return Bad(SEGMENTERS[argument])


def open_restorer(argument):
    """A restorer."""
    return Bad(RESTORERS[argument])


def open_nothing():
    """A factory that makes None."""


def broken_factory():
    """A factory that breaks."""
    raise RuntimeError("no licence server")


def wishing_factory(argument, *, tea):
    """A factory that wants what nobody has."""
