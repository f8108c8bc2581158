"""A picture -> a .sedic file: words, masks and latent, each by its encoder, then whatever the byte budget leaves (paper 3.1).

picture -> describe (objects, texts, full-size masks) -> mask grid -> latent, within the budget -> bytes
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sedicfmt.container.content import write_file
from sedicfmt.encoders import latent_nano
from sedicfmt.encoders.interfaces import DescribeRequest, Description
from sedicfmt.encoders.registry import find_describer
from sedicfmt.errors import EncodeError
from sedicfmt.limits import MAX_OBJECTS
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.models.registry import DEFAULT_MODEL, load_latent_model
from sedicfmt.pipeline.picture import to_rgb
from sedicfmt.pipeline.rate_control import Budget, fit
from sedicfmt.segments.mask_grid import downscale

OnStage = Callable[[str], None]


@dataclass(frozen=True)
class PackOptions:
    """What a caller may choose. Word limits and `objects` are the paper's l_d, l_all and J; bytes and bpp are of the file."""

    describe: str = "offline"
    objects: int = 3
    words_object: int = 30
    words_overall: int = 50
    max_bytes: int | None = None
    target_bpp: float | None = None
    mask_scale: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.objects <= MAX_OBJECTS:
            raise EncodeError(f"{self.objects} objects; a file holds 0 to {MAX_OBJECTS}", "objects")
        if self.mask_scale not in (1, 2, 4, 8, 16, 32, 64, 128):
            raise EncodeError(f"a mask scale of {self.mask_scale}; it is a power of two from 1 to 128", "mask_scale")
        if not 0 <= self.seed < 1 << 32:
            raise EncodeError(f"a seed of {self.seed}; it has 32 bits", "seed")
        if self.words_object < 1 or self.words_overall < 0:
            raise EncodeError("word limits: at least 1 for an object, 0 overall", "words")
        if self.max_bytes is not None and self.target_bpp is not None:
            raise EncodeError("give either max_bytes or target_bpp", "max_bytes")
        if (self.max_bytes or 1) < 1 or (self.target_bpp or 1) <= 0:
            raise EncodeError("a byte budget must be above zero", "max_bytes")


@dataclass
class PackResult:
    """The file's bytes and content, seconds for each stage, warnings, and what the describer reports."""

    data: bytes = b""
    file: SedicFile | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    report: dict[str, object] = field(default_factory=dict)


def pack_picture(
    image: Image.Image, options: PackOptions, image_name: str | None = None, on_stage: OnStage = lambda stage: None
) -> PackResult:
    """Run all stages. Raises SedicError; `image_name` lets annotation files find the picture."""
    result, clock = PackResult(), _Clock(on_stage)
    with clock("picture"):
        pixels = to_rgb(image, result.warnings.append)
    with clock("describe"):
        description = _describe(pixels, options, image_name, result)
    with clock("latent"):
        height, width, _ = pixels.shape
        model = load_latent_model(DEFAULT_MODEL)
        analyse = cache(lambda scale: latent_nano.analyse_at(pixels, scale, model))
        whole = SedicFile(
            width, height, DEFAULT_MODEL, b"", b"", description.overall,
            tuple(_objects(description, options.mask_scale, result)),
            options.seed,
        )  # fmt: skip
        result.file, report = fit(whole, analyse, Budget.of(options.max_bytes, options.target_bpp, width * height))
        result.report |= report
        result.data = write_file(result.file)
    result.seconds = clock.seconds
    return result


def _describe(
    pixels: NDArray[np.uint8], options: PackOptions, image_name: str | None, result: PackResult
) -> Description:
    request = DescribeRequest(options.objects, options.words_object, options.words_overall)
    description = find_describer(options.describe, image_name).describe(pixels, request)
    result.report |= {k: v for k, v in description.report.items() if k != "warnings"}
    warnings = description.report.get("warnings", [])
    result.warnings += [str(w) for w in warnings] if isinstance(warnings, list) else [str(warnings)]
    return description


def _objects(description: Description, scale: int, result: PackResult) -> Iterator[SedicObject]:
    for part in description.objects:
        if part.pixels is None or not part.pixels.any():
            result.warnings.append(f"{part.name}: no mask says where it is; it is left out")
        else:
            yield SedicObject(part.text, Mask(downscale(part.pixels, scale), scale))


class _Clock:
    """Seconds for each stage, and word of each stage's start to whoever shows progress."""

    def __init__(self, on_stage: OnStage):
        self.on_stage, self.seconds, self.stage, self.began = on_stage, dict[str, float](), "", 0.0

    def __call__(self, stage: str) -> _Clock:
        self.stage = stage
        return self

    def __enter__(self) -> None:
        self.on_stage(self.stage)
        self.began = time.perf_counter()

    def __exit__(self, *unused: object) -> None:
        self.seconds[self.stage] = round(time.perf_counter() - self.began, 4)
