"""ORAG as a restorer: a picture goes through the loop (`loop.py`) at once, or, where it is large, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sedicfmt.decoders.interfaces import RestorationModel, Restored, RestoreRequest
from sedicfmt.decoders.orag.arrays import running
from sedicfmt.decoders.orag.loop import Restoration
from sedicfmt.decoders.orag.settings import OragSettings
from sedicfmt.decoders.orag.tiling import Canvases, on_positions, tile_reach
from sedicfmt.decoders.orag.windows import tiles
from sedicfmt.errors import EncodeError


@dataclass(frozen=True)
class OragRestorer:
    """Restorer: the loop with a model and settings."""

    model: RestorationModel
    settings: OragSettings

    def __post_init__(self) -> None:
        """Raises EncodeError for a model that can only add to a reference, where there is to be none, and for guidance of one
        that has no gradients."""
        if self.model.library == "numpy" and self.settings.guidance is not None:
            raise EncodeError(
                f"{self.model.name} as it runs here has no gradients, so nothing can guide it", "guidance"
            )
        if self.model.needs_reference and not self.settings.use_reference:
            raise EncodeError(
                f"{self.model.name} only adds detail to a reference picture: it cannot restore without one; "
                "a diffusion model can (--restorer sd21-diffbir, for one)"
            )

    def restore(self, request: RestoreRequest) -> Restored:
        """Algorithm 1, in tiles where the picture is large and the model looks only so far.

        Raises BackendFailed where the model gives no numbers, LimitExceeded where memory runs out or the picture is larger
        than the model may be given at once, EncodeError for more steps than the model has levels.
        """
        reach = tile_reach(self.model, self.settings, request)
        with running(self.model):
            if reach is None:
                return Restoration(self.model, self.settings, request).run()
            return in_tiles(self.model, self.settings, request, reach)


def in_tiles(model: RestorationModel, settings: OragSettings, request: RestoreRequest, reach: int) -> Restored:
    """The same tile by tile, each through all stages."""
    canvases = Canvases(on_positions(request, model))
    height, width = request.reference.shape[:2]
    parts = list(tiles(height, width, reach, model.space.multiple))
    result = np.empty_like(request.reference)
    for number, (field, kept) in enumerate(parts, 1):
        told = canvases.told(field, kept, f"tile {number} of {len(parts)}")
        restored = Restoration(model, settings, told, field).run()
        result[kept.slices] = restored.picture[kept.within(field)]
    canvases.show()
    return replace(restored, picture=result)
