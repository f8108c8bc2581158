"""Back ends that do what they are asked and talk: `--describe loud`, `--ground`, `--segment`, `--restorer`, `--model`.

At each call they write to standard output in all the ways that there are; each says "loud" and its name.
"""

import ctypes
import hashlib
import os
import subprocess
import sys
import threading

import numpy as np

from sedicfmt.decoders.interfaces import Restored
from sedicfmt.encoders.interfaces import Box, DescribedObject, Description, Detection
from sedicfmt.latents.interfaces import CodedLatent

print("loud import")


def by_child():
    """A process, which writes where this one does."""
    subprocess.run([sys.executable, "-c", "print('loud child')"], check=True)


def by_thread():
    """Another thread prints."""
    thread = threading.Thread(target=print, args=("loud thread",))
    thread.start()
    thread.join()


def talk():
    """In every way."""
    print("loud print")
    print("loud stream", file=sys.__stdout__)  # as a handler of logging that was made early
    os.write(1, b"loud descriptor\n")
    ctypes.CDLL(None).printf(b"loud library\n")  # held back until the process ends
    by_child()
    by_thread()


class Loud:
    """Every back end there is."""

    name, model_id, licence, least_scale = "loud", 249, "Apache-2.0", 1

    def describe(self, image, request):
        talk()
        return Description("A picture.", (DescribedObject("thing", "a thing"),)[: request.objects])

    def ground(self, image, phrases):
        talk()
        return [Detection(phrase, 0.5, Box(1, 1, 20, 20)) for phrase in phrases]

    def segment(self, image, boxes):
        talk()
        return [np.ones(image.shape[:2], np.uint8) for _ in boxes]

    def restore(self, request):
        talk()
        return Restored(request.reference, {"restorer": "loud"})

    def encoder(self, picture, refine=False):
        talk()
        return self

    def usual(self):
        return CodedLatent(16, b"", b"y")

    smallest = usual

    def best(self, size, most_bytes, least_scale):
        return self.usual()

    def decode(self, file):
        talk()
        return Grey(file)


class Grey:
    """What the codec paints."""

    def __init__(self, file):
        self.file = file

    def digests(self):
        return {name: hashlib.sha256(part).hexdigest() for name, part in (("z", self.file.z), ("y", self.file.y))}

    def paint(self):
        return np.full((*self.file.coded_size[::-1], 3), 128, np.uint8)


def open_loud():
    """The factory."""
    return Loud()
