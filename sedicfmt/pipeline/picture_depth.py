"""Grey of more than eight bits, or signed, -> eight, by the range that the file declares; what is assumed is told.

The range is never that of the values: a photo of the night is dark, and one hot pixel does not make the others black. A
TIFF's largest value counts as its white where it is that of whole bits, 4095 for twelve: else it is what happens to be there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.pipeline.picture_colour import deep_grey_to_srgb
from sedicfmt.pipeline.picture_encoding import Encoding

Warn = Callable[[str], None]
BITS, PHOTOMETRIC, LARGEST, SAMPLE_FORMAT, LEAST, MOST = 258, 262, 281, 339, 340, 341  # TIFF tags
WHITE_IS_ZERO, UNSIGNED, SIGNED = 0, 1, 2


def is_deep(image: Image.Image) -> bool:
    """Whether its samples are integers of more than eight bits, signed ones, or floats."""
    signed = image.mode == "L" and sample_format(tags_of(image)) == SIGNED
    return image.mode in ("I", "F") or image.mode.startswith("I;") or signed


def deep_to_srgb(source: Image.Image, image: Image.Image, encoding: Encoding, warn: Warn) -> Image.Image:
    """`image`, deep grey, in mode L (LA where one value means transparent), in sRGB; `source` is the file's."""
    raw = samples(source, image)
    grey = Image.fromarray(deep_grey_to_srgb(shares(source, raw, warn), encoding, warn))
    clear = source.info.get("transparency")
    if isinstance(clear, int):  # one grey value that means transparent
        grey.putalpha(Image.fromarray(np.where(raw == clear, 0, 255).astype(np.uint8)))
    return grey


def samples(source: Image.Image, image: Image.Image) -> NDArray[Any]:
    """The pixels in the type that the file has them in."""
    raw, tags = np.asarray(image), tags_of(source)
    if raw.dtype == np.int32 and sample_format(tags) == UNSIGNED and first(tags, BITS) == 32:
        return raw.view(np.uint32)
    if raw.dtype == np.uint8:
        if first(tags, PHOTOMETRIC) == WHITE_IS_ZERO:
            raw = 255 - raw  # Pillow has turned it
        return raw.view(np.int8)
    return raw


def shares(source: Image.Image, raw: NDArray[Any], warn: Warn) -> NDArray[np.float64]:
    """0 for black to 1 for white."""
    tags = tags_of(source)
    black, white = declared_range(source, tags) or assumed_range(source, raw, warn)
    values = np.nan_to_num(raw.astype(np.float64), posinf=white, neginf=black)
    share: NDArray[np.float64] = np.clip((values - black) / (white - black), 0, 1)
    return 1 - share if first(tags, PHOTOMETRIC) == WHITE_IS_ZERO else share


def whole_range(source: Image.Image, image: Image.Image, warn: Warn) -> Image.Image:
    """A TIFF's colours of, say, twelve bits in sixteen, of which Pillow keeps the upper eight: as bright as they are."""
    tags = tags_of(source)
    bits, white = first(tags, BITS), white_in_bits(tags)
    if bits != 16 or white is None or white >= 65535 or image.mode not in ("RGB", "RGBA", "LA", "L"):
        return image
    warn(f"the picture's white is {white} in 16 bits, of which the upper eight are read; its steps are coarse")
    bands = [band if name == "A" else band.point(lambda v: min(255, v * 255 // (white >> 8)))
             for name, band in zip(image.getbands(), image.split(), strict=True)]  # fmt: skip
    return Image.merge(image.mode, bands)


def declared_range(source: Image.Image, tags: Any) -> tuple[float, float] | None:
    """(black, white) as the file says."""
    low, high = first(tags, LEAST), first(tags, MOST)
    if isinstance(low, int | float) and isinstance(high, int | float) and high > low:
        return float(low), float(high)
    bits = first(tags, BITS)
    if bits and sample_format(tags) == UNSIGNED:
        return 0.0, float(white_in_bits(tags) or 2.0**bits - 1)
    if source.mode.startswith("I;16"):  # PNG and JPEG 2000, whose samples Pillow gives in all 16 bits
        return 0.0, 65535.0
    if source.format == "PPM":  # likewise, whatever its largest value is; floats are shares of white
        return (0.0, 65535.0) if source.mode == "I" else None
    return None


def white_in_bits(tags: Any) -> int | None:
    """The largest value that a TIFF declares, where it is that of nine bits or more."""
    largest = first(tags, LARGEST)
    return largest if isinstance(largest, int) and largest >= 511 and largest & (largest + 1) == 0 else None


def assumed_range(source: Image.Image, raw: NDArray[Any], warn: Warn) -> tuple[float, float]:
    """Where nothing is declared: 0 to 1 for floats, unless most values are beyond; all positive values for integers."""
    tags = tags_of(source)
    if sample_format(tags) == SIGNED:
        white = 2.0 ** ((first(tags, BITS) or 16) - 1) - 1
    else:
        whites = (1.0, 255.0, 65535.0) if raw.dtype.kind == "f" else (255.0, 65535.0)
        beyond = [white for white in whites[:-1] if np.mean(raw > white) < (0.5 if raw.dtype.kind == "f" else 1e-9)]
        white = beyond[0] if beyond else whites[-1]
    warn(f"the picture does not say what its white is; {white:g} was assumed")
    return 0.0, white


def tags_of(image: Image.Image) -> Any:
    """A TIFF's; none for others."""
    return getattr(image, "tag_v2", {})


def sample_format(tags: Any) -> int:
    """1 unsigned (also where a TIFF says nothing), 2 signed, 3 floats; 0 for what is no TIFF."""
    return int(first(tags, SAMPLE_FORMAT) or UNSIGNED) if tags else 0


def first(tags: Any, tag: int) -> Any:
    """A tag's value, the first of several; None without it or where it cannot be read."""
    try:
        value = tags.get(tag)
    except Exception:  # Pillow reads a tag's value when it is asked for
        return None
    return value[0] if isinstance(value, tuple) and value else value
