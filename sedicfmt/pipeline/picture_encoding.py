"""What a file says of its samples: an ICC profile, or primaries and a curve, as ITU-T H.273's numbers or as plain figures.

Figures from a file are looked at before anyone computes with them: primaries that are no triangle, or an exponent that would
make every picture black or white, are not used, and that is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
LEAST_EXPONENT, MOST_EXPONENT = 0.25, 4.0  # from samples to light; screens have 1.8 to 2.8, light itself 1


@dataclass(frozen=True)
class Encoding:
    """What a file says of its samples; as it stands, sRGB.

    `primaries`: x and y of white, red, green and blue; `curve`: its name or exponent; `unknown`: what cannot be honoured.
    """

    profile: bytes = b""
    primaries: tuple[float, ...] = ()
    curve: str | float = "srgb"
    unknown: str = ""


def from_cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1, *, where: str = "cICP") -> Encoding:
    """Of ITU-T H.273's numbers; those that need more than a curve and primaries are unknown, 2 is what is not said."""
    primaries, transfer = (1 if primaries == 2 else primaries), (13 if transfer == 2 else transfer)
    if primaries in PRIMARIES and transfer in CURVES and matrix == 0 and full == 1:
        return Encoding(primaries=PRIMARIES[primaries], curve=CURVES[transfer])
    return Encoding(unknown=f"its {where} says {primaries}-{transfer}-{matrix}-{full}, which is not known here")


def from_figures(primaries: tuple[float, ...], exponent: float | None, where: str) -> Encoding:
    """Of primaries (empty for sRGB's) and the exponent from samples to light (None for sRGB's curve)."""
    if primaries and to_xyz(primaries) is None:
        return Encoding(unknown=f"its {where} gives primaries that no light has")
    if exponent is not None and not LEAST_EXPONENT <= exponent <= MOST_EXPONENT:
        return Encoding(unknown=f"its {where} gives an exponent of {exponent:.3g}")
    return Encoding(primaries=primaries or SRGB, curve="srgb" if exponent is None else exponent)


def to_xyz(primaries: tuple[float, ...]) -> Matrix | None:
    """RGB of these primaries -> XYZ relative to their own white, which so stays white; None where they are no triangle."""
    (wx, wy), *colours = np.array(primaries, np.float64).reshape(4, 2)
    if not all(math.isfinite(v) and abs(v) <= 2 for v in primaries) or min(wy, *(y for _, y in colours)) <= 0:
        return None
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in colours]).T
    white = np.array([wx / wy, 1, (1 - wx - wy) / wy])
    if np.linalg.cond(columns) > 1e6 or white.min() <= 0:
        return None
    amounts = np.linalg.solve(columns, white)
    if amounts.min() <= 0:  # white lies outside of the triangle
        return None
    result: Matrix = columns * amounts / white[:, None] * D65[:, None]
    return result


def to_light(curve: str | float, levels: NDArray[np.floating]) -> NDArray[np.floating]:
    """Samples of 0..1 -> light of 0..1."""
    return DECODE[curve](levels) if isinstance(curve, str) else levels**curve


def encode_srgb(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """IEC 61966-2-1, of 0..1 and what lies beyond."""
    clipped = np.clip(light, 0, 1)
    result: NDArray[np.floating] = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return result


SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_RGB = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_EXPONENT = 563 / 256
D65 = np.array([0.9505, 1.0, 1.0891])
PRIMARIES = {
    1: SRGB,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),  # BT.470 M
    5: (0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),  # BT.601, 625 lines
    6: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),  # BT.601, 525 lines
    7: (0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),  # SMPTE 240M
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # DCI-P3
    12: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
CURVES: dict[int, str | float] = {
    1: "bt709", 4: 2.2, 5: 2.8, 6: "bt709", 7: "bt709", 8: 1.0, 13: "srgb", 14: "bt709", 15: "bt709",
}  # fmt: skip
DECODE: dict[str, Callable[[NDArray[np.floating]], NDArray[np.floating]]] = {
    "srgb": lambda v: np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4),
    "bt709": lambda v: v**2.4,  # as screens show it (BT.1886)
}
