"""Who made a latent of model `compressai`: what stands before z's string in the segment latent.z (spec clause K-2).

    architecture, 1 byte | checkpoint, 8 bytes | symbols, 4 bytes | z's string

It stands in z and not in an extension, so that a file that is cut behind y still shows its picture (C-14).
"""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.errors import Malformed, Unsupported

CHECKPOINT_BYTES, SYMBOLS_BYTES = 8, 4
HEAD = 1 + CHECKPOINT_BYTES + SYMBOLS_BYTES


@dataclass(frozen=True)
class Maker:
    """`architecture`: CompressAI's name; `checkpoint`: digest of its tensors (K-3); `symbols`: digest of z and y (K-7)."""

    architecture: str
    checkpoint: bytes
    symbols: bytes

    def as_json(self) -> dict[str, str]:
        """For `sedic-inspect --json`."""
        return {
            "architecture": self.architecture,
            "checkpoint": self.checkpoint.hex(),
            "symbols": self.symbols.hex(),
        }


def join(maker: Maker, z: bytes) -> bytes:
    """The payload of latent.z."""
    return bytes([NUMBERS[maker.architecture]]) + maker.checkpoint + maker.symbols + z


def split(payload: bytes) -> tuple[Maker, bytes]:
    """Who made it, and z's string. Raises Malformed, Unsupported with path "z"."""
    if len(payload) < HEAD:
        raise Malformed(f"z has {len(payload)} bytes; with architecture and digests it has {HEAD} or more (K-2)", "z")
    if payload[0] not in ARCHITECTURES:
        raise Unsupported(f"the architecture {payload[0]} is not known to this reader (K-2)", "z")
    digests, z = payload[1:HEAD], payload[HEAD:]
    return Maker(ARCHITECTURES[payload[0]], digests[:CHECKPOINT_BYTES], digests[CHECKPOINT_BYTES:]), z


ARCHITECTURES = {
    1: "bmshj2018-factorized",
    2: "bmshj2018-hyperprior",
    3: "mbt2018-mean",
    4: "mbt2018",
    5: "cheng2020-anchor",
    6: "cheng2020-attn",
}
NUMBERS = {name: number for number, name in ARCHITECTURES.items()}
