"""What crosses the border between the restoring loop and a model, and between a restorer and the pipeline.

One loop (`orag.py`, the paper's Algorithm 1) runs every model. It needs three things of one:

    LatentSpace   pictures <-> latents                                 epsilon(.) and D(.) of Algorithm 1
    Denoiser      z_t, text, control -> prediction; attention maps     ControlNet(z, ctd, t, cf) and A of equation 2
    Scheduler     a prediction -> z_{t-1}; what noise stands where     t = T ... 0

An Array is numpy's or torch's, whichever the model computes with (`library`): the loop is the same for both. Latents are
float32 (batch, channels, rows, columns) on the model's device whatever the model computes in: a denoiser casts on its way in
and out, so that fusion and guidance never lose bits. Pictures in arrays are float32 (batch, 3, height, width) in -1 .. 1. At
the pipeline's border pictures are numpy uint8 RGB (height, width, 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sedicfmt.picture import Picture, Pixels

Array = Any  # numpy.ndarray or torch.Tensor


@dataclass(frozen=True)
class TokenSpan:
    """Token number `index` of an encoded text stands for its characters `start` to `end` (as a slice)."""

    index: int
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """`embedding` (texts, tokens, width), in the denoiser's dtype; `spans`: for each text its own tokens, without start,
    end and padding; `warnings`: what had to be left out or done differently."""

    embedding: Array
    spans: tuple[tuple[TokenSpan, ...], ...]
    warnings: tuple[str, ...] = ()


class LatentSpace(Protocol):
    """Between pictures and latents. The loop pads pictures to whole multiples of `multiple` pixels a side, so that a
    denoiser can halve its grids as often as it does."""

    @property
    def multiple(self) -> int: ...

    def encode(self, picture: Array) -> Array:
        """(batch, 3, height, width) in -1 .. 1 -> float32 latent, deterministic (a VAE's mode, scaled)."""
        ...

    def decode(self, latent: Array) -> Array:
        """The inverse, float32, not clipped."""
        ...


class Denoiser(Protocol):
    """The network. `control_kind` says what its control is made from: the latent of picture j, or its pixels."""

    @property
    def control_kind(self) -> Literal["latent", "picture"]: ...

    def encode_texts(self, texts: Sequence[str]) -> EncodedTexts:
        """All texts of a picture at once; every text gets the same number of tokens. "" is the empty condition."""
        ...

    def predict(self, z: Array, t: int, text: Array, control: Array) -> Array:
        """z (batch, c, h, w) at step t, text (batch, tokens, width), control (batch or 1, ...) -> the prediction, of z's
        shape, float32, of the type that the scheduler expects. Called without gradients."""
        ...

    @property
    def control_apart(self) -> bool:
        """Whether control comes through a branch of its own, which `attention_maps` can leave out of the gradient."""
        ...

    def attention_maps(self, z: Array, t: int, text: Array, control: Array, full_gradient: bool = False) -> list[Array]:
        """Cross-attention after softmax of the layers that guidance looks at (the paper: middle block of the up branch),
        asked of models of torch alone, which have gradients: each (batch * heads, rows, columns, tokens), differentiable in
        z; nothing after those layers is computed. `full_gradient`: differentiable through a control branch too, where
        `control_apart` says that there is one."""
        ...


class Scheduler(Protocol):
    """Noise levels. A step t is an integer, larger for more noise; 0 <= t; -1 stands for the clean latent."""

    def timesteps(self, count: int, spacing: Literal["trailing", "ends"] = "trailing") -> list[int]:
        """`count` steps, falling, the first the noisiest; with "ends" the last is the cleanest level. Raises EncodeError for
        more than there are."""
        ...

    def noise_variance(self, t: int) -> float:
        """1 - alpha_bar_t."""
        ...

    def add_noise(self, clean: Array, noise: Array, t: int) -> Array:
        """z_t of a clean latent; t = -1 gives `clean` itself."""
        ...

    def step(self, z: Array, prediction: Array, t: int, t_next: int, noise: Array | None = None) -> Array:
        """z_t -> z_{t_next}, ancestral with the fresh `noise`, deterministic without; t_next = -1 gives the clean latent."""
        ...


@dataclass(frozen=True, eq=False)
class RestorationModel:
    """All that the loop needs of a model, and its name for the record. `library`: whose arrays it takes and gives; a model of
    numpy has no gradients, so nothing guides it.

    `reach`: how far, in pixels, a prediction looks around a place (what lies further changes nothing that is seen): a large
    picture is restored in tiles, and an object where it is; None: everywhere, as a network with self-attention does.
    `most_pixels`: a picture of more at once would take more memory than is reasonable; `hints`: what to try where memory is
    short, and where the model gives values that are no numbers.
    """

    name: str
    space: LatentSpace
    denoiser: Denoiser
    scheduler: Scheduler
    device: str = "cpu"
    library: Literal["numpy", "torch"] = field(default="torch", kw_only=True)
    most_pixels: int | None = None
    reach: int | None = None
    hints: tuple[str, str] = ("--stage reference", "float32")
    needs_reference: bool = False
    computed: Mapping[str, str | bool] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ObjectToRestore:
    """Text_d of one object and its mask M_j in pixels."""

    text: str
    mask: Pixels


@dataclass(frozen=True, eq=False)
class RestoreRequest:
    """What a file holds, decoded: the reference picture I_0, Text_all, the objects in order, and the seed of the noise.

    `stop_after_objects`: leave out the last, whole stage. `on_step(stage, done, total)` is told of every step;
    `on_picture(stage, picture)`, where given, of the picture after each stage (which costs a decode).
    """

    reference: Picture
    text: str
    objects: tuple[ObjectToRestore, ...]
    seed: int
    stop_after_objects: bool = False
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None
    on_picture: Callable[[str, Picture], None] | None = None


@dataclass(frozen=True, eq=False)
class Restored:
    """The picture, what was generated by which model and steps (for the PNG's text chunks), and notes for the user."""

    picture: Picture
    record: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Restorer(Protocol):
    """Anything that makes the final picture out of a decoded file: ORAG with a model, or a one-step restorer."""

    def restore(self, request: RestoreRequest) -> Restored: ...
