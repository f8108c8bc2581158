"""Colours and low frequencies of the reference picture for a restored one: diffusion shifts them, the latent sent them.

`wavelet`: the restored picture's detail on the reference's low frequencies (a trous pyramid, as StableSR and DiffBIR do);
`adain`: each channel's mean and deviation (Huang and Belongie, 2017). Pictures are float (b, 3, h, w), numpy's or torch's.
"""

from __future__ import annotations

from sedicfmt.decoders.interfaces import Array
from sedicfmt.decoders.orag.arrays import library

LEVELS = 5  # halvings: detail finer than about 2^5 pixels is the restored picture's


def low_frequencies(picture: Array, levels: int = LEVELS) -> Array:
    """What is left after `levels` a trous smoothings with the kernel (1, 2, 1) / 4, edges repeated."""
    for level in range(levels):
        for axis in (2, 3):
            picture = smoothed(picture, axis, 2**level)
    return picture


def smoothed(picture: Array, axis: int, reach: int) -> Array:
    """(x[i - reach] + 2 x[i] + x[i + reach]) / 4 along an axis."""
    size, xp = picture.shape[axis], library(picture)
    shape = [*picture.shape]
    shape[axis] = reach
    edges = [xp.broadcast_to(part(picture, axis, at, at + 1), shape) for at in (0, size - 1)]
    padded = xp.concatenate([edges[0], picture, edges[1]], axis=axis)
    return picture / 2 + (part(padded, axis, 0, size) + part(padded, axis, 2 * reach, 2 * reach + size)) / 4


def part(x: Array, axis: int, begin: int, end: int) -> Array:
    """A slice along an axis."""
    return x[(slice(None),) * axis + (slice(begin, end),)]


def wavelet(restored: Array, reference: Array) -> Array:
    """The restored picture with the reference's low frequencies."""
    return restored + low_frequencies(reference - restored)


def adain(restored: Array, reference: Array) -> Array:
    """The restored picture with the reference's mean and deviation in each channel."""
    (mean_r, deviation_r), (mean, deviation) = moments(restored), moments(reference)
    return (restored - mean_r) / deviation_r * deviation + mean


def moments(picture: Array) -> tuple[Array, Array]:
    """Mean and deviation over the pixels, (b, 3, 1, 1)."""
    mean = picture.mean(axis=(2, 3), keepdims=True)
    variance = ((picture - mean) ** 2).mean(axis=(2, 3), keepdims=True)
    return mean, library(picture).clip(variance, 1e-12, None) ** 0.5


CORRECTIONS = {"none": lambda restored, reference: restored, "wavelet": wavelet, "adain": adain}
