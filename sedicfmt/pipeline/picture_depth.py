"""Grey of more than eight bits -> eight, by the range that the file declares; where none is declared, what is assumed is told.

The range is never that of the values: a photo of the night is dark, and one hot pixel does not make the others black.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Warn = Callable[[str], None]
BITS, PHOTOMETRIC, SAMPLE_FORMAT, LEAST, MOST = 258, 262, 339, 340, 341  # TIFF tags
WHITE_IS_ZERO, UNSIGNED, SIGNED = 0, 1, 2


def is_deep(image: Image.Image) -> bool:
    """Whether its samples are integers of more than eight bits, or floats."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def eight_bits(source: Image.Image, image: Image.Image, warn: Warn) -> Image.Image:
    """`image`, grey of 16 or 32 bits or floats, in mode L (LA where one value means transparent); `source` is the file's."""
    tags = getattr(source, "tag_v2", {})
    raw = np.asarray(image)
    if raw.dtype == np.int32 and sample_format(tags) == UNSIGNED and first(tags, BITS) == 32:
        raw = raw.view(np.uint32)
    black, white = declared_range(source, tags) or assumed_range(source, raw, warn)
    values = np.nan_to_num(raw.astype(np.float64), posinf=white, neginf=black)
    share = np.clip((values - black) / (white - black), 0, 1)
    if first(tags, PHOTOMETRIC) == WHITE_IS_ZERO:
        share = 1 - share
    grey = Image.fromarray(np.rint(share * 255).astype(np.uint8))
    clear = source.info.get("transparency")
    if isinstance(clear, int):  # one grey value that means transparent
        grey.putalpha(Image.fromarray(np.where(raw == clear, 0, 255).astype(np.uint8)))
    return grey


def declared_range(source: Image.Image, tags: Any) -> tuple[float, float] | None:
    """(black, white) as the file says."""
    low, high = first(tags, LEAST), first(tags, MOST)
    if isinstance(low, int | float) and isinstance(high, int | float) and high > low:
        return float(low), float(high)
    bits = first(tags, BITS)
    if bits and sample_format(tags) == UNSIGNED:
        return 0.0, 2.0**bits - 1
    if source.mode.startswith("I;16"):  # PNG and JPEG 2000, whose samples Pillow gives in all 16 bits
        return 0.0, 65535.0
    if source.format == "PPM":  # likewise, whatever its largest value is; floats are shares of white
        return (0.0, 65535.0) if source.mode == "I" else None
    return None


def assumed_range(source: Image.Image, raw: NDArray[Any], warn: Warn) -> tuple[float, float]:
    """Where nothing is declared: 0 to 1 for floats, unless most values are beyond; all positive values for integers."""
    if sample_format(getattr(source, "tag_v2", {})) == SIGNED:
        white = 2.0 ** ((first(source.tag_v2, BITS) or 16) - 1) - 1  # type: ignore[attr-defined]
    else:
        whites = (1.0, 255.0, 65535.0) if raw.dtype.kind == "f" else (255.0, 65535.0)
        beyond = [white for white in whites[:-1] if np.mean(raw > white) < (0.5 if raw.dtype.kind == "f" else 1e-9)]
        white = beyond[0] if beyond else whites[-1]
    warn(f"the picture does not say what its white is; {white:g} was assumed")
    return 0.0, white


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
