"""Codecs of others, by their command lines: any program that writes a file and makes a picture of that file.

    encode = "python compress.py --in {input} --out {file} --quality {setting}"
    decode = "python decompress.py --in {file} --out {output}"

The contract:

- `{input}`: the prepared picture, a PNG; `{file}`: the file to write, and to decode; `{output}`: the PNG to write, of the
  picture's size. Bytes are those of `{file}`, whatever the program says of them.
- `{setting}`: a point's setting. With `settings` listed from worst to best and a point in bytes or bits a pixel, the best that
  fits is searched for by halving. `{bytes}` and `{bpp}` instead, for a program that takes a target.
- A program that opens a model takes all pictures at once: `{inputs}`, `{files}` and `{outputs}` are folders, a picture's
  file in `{files}` has its name without the suffix.
- `{width}`, `{height}`: for decoders that are told the size beside the file; the table then says so.
- `decode` gets a file that lies in a folder of its own. It fails, or writes no picture: so does the row.
- `folder`: where the commands run (their repository), from the configuration's folder on. `version`: a word that changes
  when the program does.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from sedicfmt.errors import BackendFailed, EncodeError, SedicError
from sedicfmt.harness.cache import Entry, Key
from sedicfmt.harness.measured_process import Ended, run_metered
from sedicfmt.harness.prepare import Photo
from sedicfmt.harness.sources.built_in import checked, costs
from sedicfmt.harness.sources.search import finest_within
from sedicfmt.harness.sources.sedic import folders, link
from sedicfmt.harness.sources.source import (
    FILE,
    PICTURE,
    SETTING,
    Coded,
    OneByOne,
    Point,
    Workshop,
    within,
    without_folders,
)

PER_PICTURE = {"encode": ("{input}", "{file}"), "decode": ("{file}", "{output}")}
PER_FOLDER = {"encode": ("{inputs}", "{files}"), "decode": ("{files}", "{outputs}")}


@dataclass
class External(OneByOne):
    """`encoder`, `decoder`: command lines; `settings`: from worst to best, for points in bytes or bits a pixel."""

    name: str = ""
    encoder: str = ""
    decoder: str = ""
    settings: Sequence[str] = ()
    folder: str = ""
    version: str = ""
    told: str = field(default="", kw_only=True)

    @property
    def note(self) -> str:
        sized = "{width}" in self.decoder or "{height}" in self.decoder
        return "; ".join(filter(None, [self.told, "the size is not paid for" if sized else ""]))

    @property
    def made(self) -> str:
        """Its two command lines, and the version that was given."""
        version = f"version {self.version}" if self.version else "no version given"
        return without_folders(f"{self.encoder}; {self.decoder}; {version}")

    @property
    def together(self) -> bool:
        """Whether its commands take folders."""
        return "{inputs}" in self.encoder

    def check(self) -> None:
        """Raises EncodeError for command lines that break the contract."""
        wanted = PER_FOLDER if self.together else PER_PICTURE
        for what, line in (("encode", self.encoder), ("decode", self.decoder)):
            for placeholder in wanted[what]:
                if placeholder not in line:
                    raise EncodeError(f"the command of {what} has no {placeholder}", self.name)
        target = "{bytes}" in self.encoder or "{bpp}" in self.encoder
        if any(point.kind != SETTING for point in self.points) and not target and not self.settings:
            raise EncodeError(
                "a rate needs {bytes} or {bpp} in the command of encode, or settings to search", self.name
            )
        if self.settings and self.together and any(point.kind != SETTING for point in self.points):
            raise EncodeError("settings are searched picture by picture, not by folders", self.name)

    def encoding(self, point: Point) -> Key:
        """The command line and the version that was given."""
        return {"command": self.encoder, "settings": list(self.settings), "version": self.version, "point": str(point)}

    def decoding(self, point: Point) -> Key:
        """As `encoding`."""
        return {"command": self.decoder, "version": self.version}

    def encode(self, wanted: Sequence[tuple[Photo, Key]], point: Point, shop: Workshop) -> None:
        """As `Source` has it."""
        if not self.together:
            return super().encode(wanted, point, shop)
        with folders(shop) as (given, made):
            made.mkdir()
            for photo, _ in wanted:
                link(photo.path, given / f"{photo.name}.png")
            ended = self._run(self.encoder, {"inputs": given, "files": made, **rates(point)})
            for photo, key in wanted:
                self._keep_together(photo, key, made, FILE, ended, shop, len(wanted), point)
        return None

    def decode(self, wanted: Sequence[tuple[Coded, Key]], point: Point, shop: Workshop) -> None:
        """As `Source` has it."""
        if not self.together:
            return super().decode(wanted, point, shop)
        with folders(shop) as (given, made):
            made.mkdir()
            for coded, _ in wanted:
                link(coded.file, given / coded.entry.told.get("name", coded.photo.name))
            ended = self._run(self.decoder, {"files": given, "outputs": made, **rates(point)})
            for coded, key in wanted:
                self._keep_together(coded.photo, key, made, PICTURE, ended, shop, len(wanted))
        return None

    def encode_one(self, photo: Photo, key: Key, point: Point, shop: Workshop) -> Entry:
        """As `OneByOne` has it."""
        budget = point.budget(photo)
        with folders(shop) as (_, made):
            made.mkdir()

            def at(setting: Point) -> tuple[Path, Ended]:
                file = made / f"{photo.name}-{len(list(made.iterdir()))}.{FILE}"
                return file, self._encode_one(photo, file, setting)

            if budget is None or not self.settings:
                file, ended = at(point)
                setting = str(point.value) if budget is None else ""
            else:
                made_at: dict[int, tuple[Path, Ended]] = {}

                def size_at(index: int) -> int:
                    made_at[index] = at(Point(SETTING, self.settings[index]))
                    return made_at[index][0].stat().st_size

                found = finest_within(len(self.settings), budget, size_at)
                if found is None:
                    return shop.cache.keep(key, {"nothing": "no setting fits"})
                (file, ended), setting = made_at[found], self.settings[found]
            within(file.stat().st_size, photo, point, self.name)
            return shop.cache.keep(key, {"quality": setting, **costs(ended)}, {FILE: file})

    def _encode_one(self, photo: Photo, file: Path, point: Point) -> Ended:
        values = {"input": photo.path, "file": file, "width": photo.width, "height": photo.height, **rates(point)}
        ended = self._run(self.encoder, values, photo.name)
        if not file.is_file():
            raise BackendFailed(f"{self.name} wrote no file for {photo.name}")
        return ended

    def decode_one(self, coded: Coded, key: Key, point: Point, shop: Workshop) -> Entry:
        """As `OneByOne` has it."""
        photo = coded.photo
        with folders(shop) as (given, made):
            made.mkdir()
            file, picture = given / f"{photo.name}.{FILE}", made / f"{photo.name}.png"
            shutil.copyfile(coded.file, file)
            setting = replace(point, kind=SETTING, value=coded.entry.told.get("quality") or point.value)
            values = {"file": file, "output": picture, "width": photo.width, "height": photo.height, **rates(setting)}
            ended = self._run(self.decoder, values, photo.name)
            check_picture(picture, photo, self.name)
            return shop.cache.keep(key, costs(ended), {PICTURE: picture})

    def _run(self, line: str, values: dict[str, Any], what: str = "") -> Ended:
        """Runs a command line with its placeholders filled in: no shell, so that no name is more than a name."""
        whole = {name: value.resolve() if isinstance(value, Path) else value for name, value in values.items()}
        command = [filled(part, whole) for part in shlex.split(line)]
        ended = run_metered(command, folder=Path(self.folder) if self.folder else None)
        return checked(ended, ", ".join(filter(None, [self.name, what])))

    def _keep_together(
        self,
        photo: Photo,
        key: Key,
        made: Path,
        name: str,
        ended: Ended,
        shop: Workshop,
        together: int,
        point: Point | None = None,
    ) -> None:
        """One picture's file or picture out of the folder that a command filled."""
        try:
            found = [path for path in made.iterdir() if path.name == photo.name or path.stem == photo.name]
            if len(found) != 1:
                raise BackendFailed(f"{self.name} wrote {len(found)} files for {photo.name}")
            if point:
                within(found[0].stat().st_size, photo, point, self.name)
            else:
                check_picture(found[0], photo, self.name)
        except SedicError as error:
            shop.failed(photo, error)
            return
        told = {"name": found[0].name, "together": together, **costs(ended)}
        shop.done(photo, shop.cache.keep(key, told, {name: found[0]}))


def rates(point: Point) -> dict[str, str]:
    """The placeholders that a point fills."""
    value = f"{point.value:g}" if isinstance(point.value, (int, float)) else point.value
    return {point.kind: value}


def filled(part: str, values: dict[str, Any]) -> str:
    """One argument with its placeholders filled in; other braces stay."""
    for name, value in values.items():
        part = part.replace(f"{{{name}}}", str(value))
    return part


def check_picture(path: Path, photo: Photo, name: str) -> None:
    """Raises BackendFailed for what is no picture of the photo's size."""
    try:
        with Image.open(path) as picture:
            picture.load()
            size = picture.size
    except (OSError, UnidentifiedImageError) as error:
        raise BackendFailed(f"{name} made no picture of {photo.name}: {error}") from error
    if size != (photo.width, photo.height):
        wanted = f"{photo.width}x{photo.height}"
        raise BackendFailed(f"{name} made {size[0]}x{size[1]} pixels of {photo.name}, not {wanted}")
