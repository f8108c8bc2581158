"""`.sedic` for Pillow: import this module once, and `PIL.Image.open` reads the files. Pillow looks for no plug-ins itself.

    import sedicfmt.pillow
    from PIL import Image

    with Image.open("photo.sedic") as image:
        image.info["sedic_text"]  # what it shows, in words; nothing was decoded yet
        image.choose(stage="final")  # restored; without it the reference picture
        image.load()

Opening reads the header; words and masks are decoded when `info` is first looked at, pixels when they are asked for. These are
the reference picture, which needs no torch, takes a moment and shows nothing that was made up, unless `register` or `choose`
says otherwise.

Saving is not registered: programs that encode a picture again by its `format` would pack a decoded one without knowing.
`register(save=True)` does it knowingly.

`image.info`: `sedic_text`; `sedic_objects`, for each object its `text` and the `area` of its mask, a share of the picture;
`sedic_model`, of the latent, None where it is not known here; `sedic_seed`; `sedic_complete`; `sedic_stage`, which the pixels
are (to be); once decoded, `sedic_restored_by`, and `xmp` where a model generated detail. A restored picture puts that into
what it is saved to; what was made of it, such as a smaller one, does by `sedicfmt.pillow.marked(small).save(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any

from PIL import Image, ImageFile

from sedicfmt.api import pack
from sedicfmt.container.content import file_of
from sedicfmt.container.frame import Frame
from sedicfmt.container.parser import parse_frame, parse_header
from sedicfmt.container.profile import check_profile
from sedicfmt.container.size import size_pixels
from sedicfmt.errors import ChecksumMismatch, EncodeError, LimitExceeded, MissingDependency, SedicError, Truncated
from sedicfmt.latents.allocated import name_of
from sedicfmt.limits import MAX_FILE_BYTES
from sedicfmt.model import SedicFile
from sedicfmt.pipeline.marked_picture import MarkedPicture, marked
from sedicfmt.pipeline.unpack import STAGES, UnpackOptions, options_from
from sedicfmt.pipeline.unpack_often import unpack_often

__all__ = ["SedicImageFile", "marked", "register"]

FORMAT, MIME, SUFFIX, MAGIC = "SEDIC", "image/x-sedic", ".sedic", b"\x5e\xd1"
GREY = (128, 128, 128)  # of a cut file that holds no picture, where Pillow is told to take such files

Info = dict[str | tuple[int, int], Any]  # as Pillow types it

_usual = UnpackOptions(stage="reference")


def register(stage: str = "reference", *, save: bool = False, **options: Any) -> None:
    """Let Pillow open `.sedic` files, each decoded as far as `stage`, with the options of `sedicfmt.unpack` (profile,
    restorer, device, steps ...). With `save` also write them: `image.save("photo.sedic", max_bytes=1500)` takes those of
    `sedicfmt.pack`.

    Importing this module has called it without arguments; called again, it replaces what was asked for before, for
    pictures that are opened from then on. Raises ValueError.
    """
    global _usual
    _usual = chosen(stage, options)
    Image.register_open(FORMAT, SedicImageFile, accept)
    Image.register_mime(FORMAT, MIME)
    Image.register_extension(FORMAT, SUFFIX)
    Image.SAVE.pop(FORMAT, None)
    if save:
        Image.register_save(FORMAT, save_packed)


def accept(prefix: bytes) -> bool:
    """Whether a file begins as a .sedic file does."""
    return prefix.startswith(MAGIC)


class SedicImageFile(MarkedPicture, ImageFile.ImageFile):
    """Pillow's picture of a .sedic file, mode RGB, upright.

    A file that cannot be read raises OSError when it is opened; one that is cut or changed when it is loaded, unless
    `ImageFile.LOAD_TRUNCATED_IMAGES` is set: then it is decoded unchecked as far as it goes. A file beyond the profile that
    was asked for raises DecompressionBombError, a restorer that is not installed ImportError with the command that does it.
    """

    format = FORMAT
    format_description = "SEDIC semantic image"
    _close_exclusive_fp_after_loading = True

    def _open(self) -> None:
        assert self.fp is not None
        self._data: bytes = self.fp.read(MAX_FILE_BYTES + 1)
        if not accept(self._data):
            raise SyntaxError("not a SEDIC file")
        self._options, self._broken, self._mode = _usual, "", "RGB"
        with as_pillow():
            self._frame = self._parsed()
            self._size = size_pixels(parse_header(self._data)[0].size)
        self._info: Info | None = None

    def _parsed(self) -> Frame | None:
        """The file taken apart; None where it is cut before its latent ends. Raises SedicError."""
        try:
            frame = parse_frame(self._data)
        except (Truncated, ChecksumMismatch) as error:
            self._broken = str(error)
            try:
                frame = parse_frame(self._data, allow_prefix=True)
            except Truncated:
                return None
        check_profile(frame, len(self._data), self._options.profile)
        return frame

    @property
    def info(self) -> Info:
        """See the top of this module. Words and masks are decoded when it is first looked at. Raises OSError."""
        if self._info is None:
            with as_pillow():
                told: Info = {"sedic_complete": False}
                if self._frame is not None:
                    told = described(file_of(self._frame, self._options.profile))
            self._info = {**told, "sedic_stage": self._options.stage}
        return self._info

    @info.setter
    def info(self, told: Info) -> None:
        self._info = told

    def choose(self, stage: str, **options: Any) -> None:
        """Decode this picture as `register` would have it. Raises ValueError, also where it is decoded already."""
        if self._im is not None:
            raise ValueError("the picture is decoded already; choose before its pixels are asked for")
        self._options = chosen(stage, options)
        if self._info is not None:
            self._info["sedic_stage"] = stage

    def load(self) -> Image.core.PixelAccess | None:
        """Decode, the first time. Raises OSError, ImportError, DecompressionBombError; may be called again then."""
        data = getattr(self, "_data", b"")  # before the look whether another thread has done it and let go of the data
        if self._im is None:
            picture = self._decoded(data)
            self.info |= {name: picture.info[name] for name in DECODED if name in picture.info}
            self.im = picture.im
            self._data = b""
            stream, self.fp = self.fp, None
            if stream is not None and getattr(self, "_exclusive_fp", False):
                stream.close()
        return Image.Image.load(self)

    def _decoded(self, data: bytes) -> Image.Image:
        if self._broken and not ImageFile.LOAD_TRUNCATED_IMAGES:
            raise OSError(f"image file is truncated: {self._broken}")
        if self._frame is None:
            return Image.new("RGB", self.size, GREY)
        with as_pillow():
            return unpack_often(data, replace(self._options, partial=bool(self._broken))).picture

    def verify(self) -> None:
        """Raises OSError for a file that is cut or changed; the latent is not decoded."""
        super().verify()
        if self._broken:
            raise OSError(f"broken SEDIC file: {self._broken}")


def described(file: SedicFile) -> Info:
    """What stands in `info` before anything is decoded."""
    objects = [{"text": part.text, "area": float(part.mask.cells.mean())} for part in file.objects]
    return {
        "sedic_text": file.text, "sedic_objects": objects, "sedic_model": name_of(file.model_id), "sedic_seed": file.seed,
        "sedic_complete": file.complete,
    }  # fmt: skip


def chosen(stage: str, options: dict[str, Any]) -> UnpackOptions:
    """Options by their names. Raises ValueError."""
    if stage not in STAGES:
        raise ValueError(f"no stage is called {stage}; there are {', '.join(STAGES)}")
    with as_pillow():
        return options_from(stage, False, options)


def save_packed(image: Image.Image, stream: IO[bytes], filename: str | bytes) -> None:
    """What `image.save` calls. Raises ValueError for options that make no sense and for what fits in no file, OSError,
    ImportError."""
    with as_pillow(limit=ValueError):
        told = getattr(image, "encoderinfo", {})
        stream.write(pack(image, **{name: told[name] for name in told if name not in ("xmp", "pnginfo")}))


@contextmanager
def as_pillow(limit: type[Exception] = Image.DecompressionBombError) -> Iterator[None]:
    """Our errors become what Pillow raises in such a case, with our words; `limit` is that for what is too much."""
    try:
        yield
    except SedicError as error:
        errors = ((LimitExceeded, limit), (MissingDependency, ImportError), (EncodeError, ValueError))
        theirs = next((theirs for ours, theirs in errors if isinstance(error, ours)), OSError)
        raise theirs(str(error)) from error


DECODED = ("sedic_stage", "sedic_restored_by", "xmp")

register()
