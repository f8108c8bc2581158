"""What a .sedic file holds, as frozen dataclasses: the meeting point of container, encoders and decoders."""

from __future__ import annotations

from dataclasses import dataclass, field

from sedicfmt.bitcoding.bitmap import Bitmap


@dataclass(frozen=True, eq=False)
class Mask:
    """Where an object is: `cells` is uint8 0/1 of shape (ceil(height / scale), ceil(width / scale)); `coder` as stored.

    Masks are equal if cells and scale are; the coder is how they are written, not what they say.
    """

    cells: Bitmap
    scale: int = 8
    coder: str = "auto"

    def __eq__(self, other: object) -> bool:
        import numpy as np

        return isinstance(other, Mask) and self.scale == other.scale and np.array_equal(self.cells, other.cells)

    def __hash__(self) -> int:
        return hash((self.scale, self.cells.shape, self.cells.tobytes()))


@dataclass(frozen=True)
class SedicObject:
    """One object: its description Text_d (the name comes first) and its mask."""

    text: str
    mask: Mask


@dataclass(frozen=True)
class Extension:
    """A segment that this version does not interpret; kept byte for byte. `critical`: a reader must know it."""

    type: int
    critical: bool
    payload: bytes


@dataclass(frozen=True, repr=False)
class SedicFile:
    """The content of one file. z and y are the latent's entropy-coded payloads; the registry's model `model_id` reads them."""

    width: int
    height: int
    model_id: int
    z: bytes
    y: bytes
    text: str = ""
    objects: tuple[SedicObject, ...] = ()
    seed: int = 0
    extensions: tuple[Extension, ...] = ()
    version: int = 1
    latent_scale: int = 16  # sixteenths of the picture's size at which the latent shows it, 1 to 32
    complete: bool = field(default=True, compare=False)  # False: a declared prefix of a longer file

    def __repr__(self) -> str:
        """What a person wants to see; of payloads, how many bytes they have."""
        told = f"{self.width}x{self.height}, model {self.model_id} at {self.latent_scale}/16, z {len(self.z)} bytes, "
        told += f"y {len(self.y)} bytes, text {self.text!r}, objects {[o.text for o in self.objects]}, seed {self.seed}"
        return f"SedicFile({told}{'' if self.complete else ', incomplete'})"

    @property
    def coded_size(self) -> tuple[int, int]:
        """Width and height of the picture that the latent shows (spec clause L-1)."""
        return coded_size(self.width, self.height, self.latent_scale)


def coded_size(width: int, height: int, latent_scale: int) -> tuple[int, int]:
    """A picture's size at `latent_scale` sixteenths, rounded up (spec clause L-1)."""
    return -(-width * latent_scale // 16), -(-height * latent_scale // 16)


def grid_shape(scale: int, width: int, height: int) -> tuple[int, int]:
    """Rows and columns of cells of `scale` x `scale` pixels that cover a picture, fewer at its right and bottom border."""
    return -(-height // scale), -(-width // scale)
