"""The place of one-step restorers beside ORAG: noise the reference to one level, ask the network once, decode.

    z_t = sqrt(a_t) epsilon(I_0) + sqrt(1 - a_t) noise;   picture = D(the clean latent that the prediction stands for)

For networks distilled to one step, the sd-turbo class. Objects and masks are not used; Text_all is. At the last level t
hardly anything of the reference is left in z_t, so there a network without a control branch paints from the text: a
network made for restoring starts there, for stock sd-turbo a `strength` about a half keeps the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from sedicfmt.decoders.interfaces import Array, RestorationModel, Restored, RestoreRequest
from sedicfmt.decoders.orag.arrays import put, running
from sedicfmt.decoders.orag.colour_correction import CORRECTIONS
from sedicfmt.decoders.orag.noise import seeded_noise
from sedicfmt.decoders.orag.picture_array import to_array, to_picture
from sedicfmt.decoders.orag.record import restoring_record
from sedicfmt.networks.failures import finite

STAGE = "whole picture"


@dataclass(frozen=True)
class OneStepRestorer:
    """Restorer. `strength`: the noise level, as a share of all levels; 1 is the last. `colour`: as in OragSettings."""

    model: RestorationModel
    strength: float = 1.0
    colour: str = "wavelet"
    use_text: bool = True

    def restore(self, request: RestoreRequest) -> Restored:
        """One prediction. With `stop_after_objects` there is nothing to do: the reference, and a warning.

        Raises BackendFailed where the model gives no numbers, LimitExceeded where memory runs out.
        """
        if request.stop_after_objects:
            told = "a one-step restorer has no object stages; this is the reference picture"
            return Restored(request.reference, warnings=(told,))
        with running(self.model):
            return self.restored(request)

    def restored(self, request: RestoreRequest) -> Restored:
        """The whole way from picture to picture."""
        reference = to_array(request.reference, self.model)
        texts = self.model.denoiser.encode_texts([request.text if self.use_text else ""])
        latent = self.predicted(reference, texts.embedding, request.seed)
        image = CORRECTIONS[self.colour](self.model.space.decode(latent), reference)
        picture = to_picture(finite(image, "the decoded picture"), *request.reference.shape[:2])
        request.on_step(STAGE, 1, 1)
        if request.on_picture is not None:
            request.on_picture("final", picture)
        return Restored(picture, restoring_record(self.model, f"1, from step {self.step}", self), texts.warnings)

    def predicted(self, reference: Array, text: Array, seed: int) -> Array:
        """The clean latent after one step."""
        space, denoiser, scheduler = self.model.space, self.model.denoiser, self.model.scheduler
        clean = space.encode(reference)
        noise = put(seeded_noise(seed, 0, tuple(clean.shape)), self.model)
        z = scheduler.add_noise(clean, noise, self.step)
        control = clean if denoiser.control_kind == "latent" else reference
        prediction = denoiser.predict(z, self.step, text, control)
        return finite(scheduler.step(z, prediction, self.step, -1), STAGE)

    @property
    def step(self) -> int:
        """t of the one step."""
        last = self.model.scheduler.timesteps(1)[0]
        return max(0, round((last + 1) * self.strength) - 1)
