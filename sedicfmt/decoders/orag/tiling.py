"""A picture restored tile by tile: when that can be done, what a tile is given, and how the parts become one picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sedicfmt.decoders.interfaces import RestorationModel, RestoreRequest
from sedicfmt.decoders.orag.arrays import put
from sedicfmt.decoders.orag.attention_guidance import mask_on_grid
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.decoders.orag.windows import TILE, Window
from sedicfmt.picture import Picture, Pixels


def tile_reach(model: RestorationModel, settings: OragSettings, request: RestoreRequest) -> int | None:
    """How far around a tile has to be looked, in pixels; None where the picture is restored at once.

    That is so of one tile's size and less, and where every place depends on all others: guidance looks at the whole mask,
    `adain` takes the whole picture's mean.
    """
    everywhere = settings.guidance is not None or settings.colour == "adain"
    if model.reach is None or everywhere or max(request.reference.shape) <= TILE:
        return None
    return model.reach * settings.steps


def on_positions(request: RestoreRequest, model: RestorationModel) -> RestoreRequest:
    """The request with masks of whole positions of the latent: a tile sees of them what the whole does, also of an object so
    thin that it fills no position by half."""
    multiple = model.space.multiple
    patch = multiple // model.space.encode(put(np.zeros((1, 3, multiple, multiple), np.float32), model)).shape[2]
    objects = tuple(replace(item, mask=on_patches(item.mask, patch)) for item in request.objects)
    return replace(request, objects=objects)


def on_patches(mask: Pixels, patch: int) -> Pixels:
    """Pixels (h, w) -> the pixels of its positions, `patch` a side."""
    if not mask.any():
        return mask
    height, width = mask.shape
    padded = np.pad(mask.astype(bool), ((0, -height % patch), (0, -width % patch)))
    cells = mask_on_grid(padded, *(side // patch for side in padded.shape))
    return cells.repeat(patch, 0).repeat(patch, 1)[:height, :width].astype(np.uint8)


class Canvases:
    """The pictures of all stages, into which each tile's parts go; they are shown when the last tile is in."""

    def __init__(self, request: RestoreRequest):
        self.request = request
        self.pictures: dict[str, Picture] = {}

    def told(self, field: Window, kept: Window, place: str) -> RestoreRequest:
        """The request for a tile: its steps are told with their place, its pictures kept here."""

        def on_step(stage: str, done: int, total: int) -> None:
            self.request.on_step(f"{stage} {place}", done, total)

        def on_picture(stage: str, picture: Picture) -> None:
            self.add(stage, picture, field, kept)

        asked = self.request.on_picture is not None
        return replace(self.request, on_step=on_step, on_picture=on_picture if asked else None)

    def add(self, stage: str, picture: Picture, field: Window, kept: Window) -> None:
        """A tile's picture: what is kept of the field that it shows."""
        canvas = self.pictures.setdefault(stage, np.empty_like(self.request.reference))
        canvas[kept.slices] = picture[kept.within(field)]

    def show(self) -> None:
        """Tell of the stages' pictures, in their order."""
        if self.request.on_picture is not None:
            for stage, picture in self.pictures.items():
                self.request.on_picture(stage, picture)
