"""Two judges from other houses, as their packages have them: SSIMULACRA2 and ColorVideoVDP.

SSIMULACRA2 (Sneyers, 2023): 100 is equal, 70 high quality, 30 low, below 0 bad. ColorVideoVDP (Mantiuk et al., 2024): in
just-objectionable differences, 10 is equal; here on a full-HD screen as the package's `standard_fhd` describes it.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from sedicfmt.installing import pip_install
from sedicfmt.picture import Picture, check_pair

from ..errors import MissingDependency

SMALLEST_SIDE = 32
DISPLAY = "standard_fhd"


def ssimulacra2(a: Picture, b: Picture) -> float:
    """SSIMULACRA2 of `b` beside the photo `a`, uint8 (height, width, 3). Raises EncodeError, MissingDependency."""
    check_pair(a, b, SMALLEST_SIDE)
    try:
        from ssimulacra2 import compute_ssimulacra2
    except ModuleNotFoundError as missing:
        raise MissingDependency(f"SSIMULACRA2 needs a package: {pip_install('ssimulacra2')}") from missing
    return float(compute_ssimulacra2(_file(a), _file(b)))


def colour_video_vdp(a: Picture, b: Picture) -> float | None:
    """ColorVideoVDP's JOD of `b` beside the photo `a`, or None where its package or torchvision is not installed."""
    check_pair(a, b, SMALLEST_SIDE)
    metric = _metric()
    if metric is None:
        return None
    return round(float(metric.predict(b, a, dim_order="HWC")[0]), 3)


@cache
def _metric() -> Any:
    """The metric, opened at the first use; None without it: it asks for torchvision, which not every torch has."""
    try:
        import pycvvdp
        import torch
    except ModuleNotFoundError:
        return None
    return pycvvdp.cvvdp(display_name=DISPLAY, device=torch.device("cpu"), heatmap=None)


def _file(picture: Picture) -> BytesIO:
    """The picture as the package takes it: a file."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=0)
    file.seek(0)
    return file
