"""A codec of somebody else: the picture scaled down, as a PNG. `encode IN OUT SIXTEENTHS`, `decode IN OUT WxH`; folders too.

`TOY_LOG` names a file that gets a line a call. A file called `spoil` beside it makes it fail at pictures of that name.
"""

import os
import sys
from pathlib import Path

from PIL import Image


def encode(source: Path, made: Path, setting: str) -> None:
    with Image.open(source) as picture:
        size = [max(1, side * int(setting) // 16) for side in picture.size]
        picture.convert("RGB").resize(size).save(made, "PNG")


def decode(source: Path, made: Path, size: str) -> None:
    with Image.open(source) as picture:
        wide, high = map(int, size.split("x")) if size else (2 * side for side in picture.size)
        picture.resize((wide, high)).save(made, "PNG")


def main() -> None:
    what, source, made, setting = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), (sys.argv[4:] or [""])[0]
    log = Path(os.environ.get("TOY_LOG", os.devnull))
    with log.open("a") as stream:
        print(what, source.name, setting, file=stream)
    spoil = log.parent / "spoil"
    if spoil.is_file() and spoil.read_text() in source.name:
        sys.exit("toy: spoilt")
    work = encode if what == "encode" else decode
    if source.is_dir():
        for path in source.iterdir():
            work(path, made / (path.stem + (".toy" if what == "encode" else ".png")), setting)
    else:
        work(source, made, setting)


if __name__ == "__main__":
    main()
