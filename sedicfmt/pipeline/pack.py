"""A picture -> a .sedic file: words, masks and latent, each by its encoder, then whatever the byte budget leaves (paper 3.1).

picture -> describe (objects, texts; masks where the describer knows them) -> ground and segment (boxes, full-size masks)
        -> mask grid -> latent, within the budget -> bytes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from PIL import Image

from sedicfmt.container.content import write_file
from sedicfmt.encoders.guarded import guarded_describer, guarded_grounder, guarded_segmenter
from sedicfmt.encoders.interfaces import Describer, Description, Grounder, Segmenter
from sedicfmt.encoders.objects.find_objects import find_objects
from sedicfmt.encoders.objects.registry_objects import find_grounder, find_segmenter
from sedicfmt.encoders.registry import find_describer
from sedicfmt.errors import SedicError
from sedicfmt.model import Mask, SedicFile, SedicObject
from sedicfmt.picture import Picture
from sedicfmt.pipeline.choose_reference import with_reference
from sedicfmt.pipeline.clock import Clock, OnStage
from sedicfmt.pipeline.pack_options import PackOptions
from sedicfmt.pipeline.picture import OpenedPicture, orientation_of, to_rgb
from sedicfmt.segments.mask_grid import downscale


@dataclass(frozen=True)
class PackBackEnds:
    """What packing runs on, opened once for any number of pictures; None for what has nothing to do."""

    describer: Describer | None
    grounder: Grounder | None
    segmenter: Segmenter | None


def open_back_ends(options: PackOptions) -> PackBackEnds:
    """All that `options` name: what is missing is told before any work or payment. Raises SedicError.

    Without a grounder no box is without a mask, but for describers of other packages: then nothing is segmented.
    """
    if options.says_nothing:
        return PackBackEnds(None, None, None)
    describer = find_describer(options.describe, options.base_url, options.device, **options.llm())
    grounder = find_grounder(options.ground, options.device)
    return PackBackEnds(describer, grounder, find_segmenter(options.segment, options.device) if grounder else None)


@dataclass
class PackResult:
    """The file's bytes and content, seconds for each stage, warnings, and what describer and rate control report."""

    data: bytes
    file: SedicFile
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    report: dict[str, object] = field(default_factory=dict)

    def summary(self) -> dict[str, object]:
        """What a program may want to know of it."""
        size, pixels = len(self.data), self.file.width * self.file.height
        return {
            "file_bytes": size, "width": self.file.width, "height": self.file.height, "bpp": size * 8 / pixels,
            "seconds": self.seconds, "warnings": self.warnings, "report": self.report,
        }  # fmt: skip


def pack_picture(
    image: OpenedPicture | Image.Image,
    options: PackOptions,
    image_name: str | None = None,
    on_stage: OnStage = lambda stage: None,
    back_ends: PackBackEnds | None = None,
) -> PackResult:
    """Run all stages. Raises SedicError, OSError; `image_name`, the picture's path, lets annotation files find it.

    `back_ends`: what `open_back_ends` made of the same options, to be used again; None opens them for this picture.
    """
    warnings, report, clock = list[str](), dict[str, object](), Clock(on_stage)
    with clock("picture"):
        pixels = to_rgb(image, warnings.append)
        height, width, _ = pixels.shape
    warnings += options.unused()
    with clock("describe"):
        named = (image_name, orientation_of(image))
        description = _describe(pixels, options, named, back_ends, clock.part)
        warnings += _warnings(description)
        report |= {k: v for k, v in description.report.items() if k != "warnings"}
        objects = tuple(_objects(description, options.mask_scale, warnings))
    with clock("latent"), _spent(report):
        whole = SedicFile(width, height, 0, b"", b"", description.overall, objects, options.seed)
        budget = options.budget(width * height)
        file, spent = with_reference(whole, pixels, options.model, budget, warnings.append, options.refine)
        data = write_file(file)
    report |= {"preset": options.preset, "limits": options.limits(width * height).numbers(), **spent}
    return PackResult(data, file, clock.seconds, warnings, report)


def _describe(
    pixels: Picture,
    options: PackOptions,
    named: tuple[str | None, int],
    back_ends: PackBackEnds | None,
    on_part: OnStage,
) -> Description:
    """Words, boxes and masks, as much as the options say of them at the budget's rate; of nothing, nobody is asked.

    `named`: the picture's path and orientation.
    """
    limits, (image_name, orientation) = options.limits(pixels.shape[0] * pixels.shape[1]), named
    request = replace(limits, image_name=image_name, orientation=orientation, on_part=on_part)
    if not (request.objects or request.words_overall):
        return Description("")
    ends = back_ends or open_back_ends(options)
    if ends.describer is None:
        return Description("")
    describer, grounder, segmenter = (
        guarded_describer(ends.describer), guarded_grounder(ends.grounder), guarded_segmenter(ends.segmenter)
    )  # fmt: skip
    unplaced = list[str]()
    if request.objects and not grounder and describer.names_only:
        request = replace(request, objects=0)
        unplaced = ["no objects are asked for: without --ground nobody would find them in the picture"]
    told = describer.describe(pixels, request)
    with _spent(told.report):
        found = find_objects(pixels, told, grounder, segmenter, on_part)
    return replace(found, report={**found.report, "warnings": [*_warnings(found), *unplaced]})


@contextmanager
def _spent(report: Mapping[str, object]) -> Iterator[None]:
    """Let an error that is raised within tell what was paid for before."""
    try:
        yield
    except SedicError as error:
        error.report |= {name: report[name] for name in PAID if name in report}
        raise


def _warnings(description: Description) -> list[str]:
    found = description.report.get("warnings", [])
    return [str(w) for w in found] if isinstance(found, list) else [str(found)]


def _objects(description: Description, scale: int, warnings: list[str]) -> Iterator[SedicObject]:
    for part in description.objects:
        if part.pixels is None or not part.pixels.any():
            warnings.append(f"{part.name}: no mask says where it is; it is left out")
        else:
            yield SedicObject(part.text, Mask(downscale(part.pixels, scale), scale))


PAID = ("requests", "retries", "cached", "tokens_in", "tokens_out", "cost")
