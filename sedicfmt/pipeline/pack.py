"""A picture -> a .sedic file: words, masks and latent, each by its encoder, then whatever the byte budget leaves (paper 3.1).

picture -> describe (objects, texts; masks where the describer knows them) -> ground and segment (boxes, full-size masks)
        -> mask grid -> latent, within the budget -> bytes
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from PIL import Image

from sedicfmt.container.content import write_file
from sedicfmt.encoders import latent_nano
from sedicfmt.encoders.find_objects import find_objects
from sedicfmt.encoders.interfaces import DescribeRequest, Description, Grounder, Picture, Segmenter
from sedicfmt.encoders.registry import find_describer
from sedicfmt.encoders.registry_objects import find_grounder, find_segmenter
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
    ground: str = "none"
    segment: str = "grabcut"
    base_url: str | None = field(default=None, repr=False)  # an address may hold a secret
    device: str = "auto"
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
        if self.max_bytes is not None and self.max_bytes < 1:
            raise EncodeError(f"a budget of {self.max_bytes} bytes", "max_bytes")
        if self.target_bpp is not None and not 0 < self.target_bpp < math.inf:
            raise EncodeError(f"a target of {self.target_bpp} bpp", "target_bpp")


@dataclass
class PackResult:
    """The file's bytes and content, seconds for each stage, warnings, and what describer and rate control report."""

    data: bytes
    file: SedicFile
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    report: dict[str, object] = field(default_factory=dict)


def pack_picture(
    image: Image.Image, options: PackOptions, image_name: str | None = None, on_stage: OnStage = lambda stage: None
) -> PackResult:
    """Run all stages. Raises SedicError; `image_name` lets annotation files find the picture."""
    warnings, report, clock = list[str](), dict[str, object](), _Clock(on_stage)
    with clock("picture"):
        pixels = to_rgb(image, warnings.append)
        height, width, _ = pixels.shape
    with clock("describe"):
        description = _describe(pixels, options, image_name)
        warnings += _warnings(description)
        report |= {k: v for k, v in description.report.items() if k != "warnings"}
        objects = tuple(_objects(description, options.mask_scale, warnings))
    with clock("latent"):
        model = load_latent_model(DEFAULT_MODEL)
        analyse = cache(lambda scale: latent_nano.analyse_at(pixels, scale, model))
        whole = SedicFile(
            width, height, DEFAULT_MODEL, b"", b"", description.overall, objects, options.seed
        )  # fmt: skip
        file, spent = fit(whole, analyse, Budget.of(options.max_bytes, options.target_bpp, width * height))
        data = write_file(file)
    return PackResult(data, file, clock.seconds, warnings, report | spent)


def _describe(pixels: Picture, options: PackOptions, image_name: str | None) -> Description:
    """Words, boxes and masks. All back ends are opened first: what is missing is told before any work or payment."""
    describer = find_describer(options.describe, image_name, options.base_url, options.device)
    grounder, segmenter = _finders(options)
    request = DescribeRequest(options.objects, options.words_object, options.words_overall)
    return find_objects(pixels, describer.describe(pixels, request), grounder, segmenter)


def _finders(options: PackOptions) -> tuple[Grounder | None, Segmenter | None]:
    """Without a grounder no box is without a mask, but for describers of other packages: then nothing is segmented."""
    grounder = find_grounder(options.ground, options.device)
    return grounder, find_segmenter(options.segment, options.device) if grounder else None


def _warnings(description: Description) -> list[str]:
    found = description.report.get("warnings", [])
    return [str(w) for w in found] if isinstance(found, list) else [str(found)]


def _objects(description: Description, scale: int, warnings: list[str]) -> Iterator[SedicObject]:
    for part in description.objects:
        if part.pixels is None or not part.pixels.any():
            warnings.append(f"{part.name}: no mask says where it is; it is left out")
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
