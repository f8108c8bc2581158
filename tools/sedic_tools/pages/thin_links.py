"""What a lossy link leaves of photos sent in frames.

    python -m sedic_tools.pages.thin_links -n 1000 --loss 0.1 -o docs/thin-links.md

The photos are the ten of the viewer's demo page, each sent n/10 times; every transmission loses frames of its own, by a
generator with a stated seed. Nothing is estimated: each set of frames that arrived is put together by the library, and what is
counted is the file, byte for byte, or the stages that a reader shows of its beginning.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from math import comb
from pathlib import Path

import numpy as np

from sedicfmt.container.parser import parse_frame
from sedicfmt.errors import SedicError
from sedicfmt.frames import join, split

PHOTOS = Path(__file__).resolve().parents[3] / "web/demo"
LINKS = {
    "LoRaWAN at its slowest, 51 bytes": 51,
    "LoRaWAN, 222 bytes": 222,
    "APRS (AX.25), 256 bytes": 256,
    "Iridium SBD, 340 bytes": 340,
}
REPAIR = (0, 1, 2, 3)
BURST = 3  # frames that are lost in a row, on average, of the channel of bursts
OUTCOMES = ("whole", "words and objects in part", "reference picture alone", "nothing")


def independent(rng: np.random.Generator, loss: float, count: int) -> np.ndarray:
    """Which of `count` frames arrive; each is lost by itself."""
    return rng.random(count) >= loss


def bursts(rng: np.random.Generator, loss: float, count: int) -> np.ndarray:
    """The same share lost, in runs: a link that is up or down (Gilbert's channel), for BURST frames on average when down."""
    arrive = np.empty(count, bool)
    up = rng.random() >= loss
    for place in range(count):
        arrive[place] = up
        up = rng.random() >= loss / (1 - loss) / BURST if up else rng.random() < 1 / BURST
    return arrive


CHANNELS: dict[str, Callable[[np.random.Generator, float, int], np.ndarray]] = {
    "each frame lost by itself": independent,
    f"lost in runs of {BURST} on average": bursts,
}


@cache
def sent(path: Path, mtu: int, repair: int) -> tuple[bytes, ...]:
    """The frames of a photo."""
    return tuple(split(path.read_bytes(), mtu, repair))


@cache
def outcome(path: Path, mtu: int, repair: int, arrived: frozenset[int]) -> str:
    """What a receiver has of the frames with these numbers."""
    frames = sent(path, mtu, repair)
    try:
        joined = join(frames[index] for index in sorted(arrived))
        if joined.complete:
            if joined.data != path.read_bytes():
                raise AssertionError("frames gave another file")
            return "whole"
        shown = len(parse_frame(joined.data, allow_prefix=True).segments)
    except SedicError:
        return "nothing"
    return "reference picture alone" if shown == 2 else "words and objects in part"


def measured(count: int, loss: float, seed: int) -> Iterator[tuple[str, str, int, float, float, Counter[str]]]:
    """(channel, link, repair frames, frames a photo, bytes a photo, outcomes) of every combination."""
    photos = sorted(PHOTOS.glob("*.sedic"))
    for channel, draw in CHANNELS.items():
        for link, mtu in LINKS.items():
            for repair in REPAIR:
                rng = np.random.default_rng([seed, mtu, repair])
                found: Counter[str] = Counter()
                frames = bytes_ = 0
                for number in range(count):
                    photo = photos[number % len(photos)]
                    set_ = sent(photo, mtu, repair)
                    arrived = frozenset(map(int, np.flatnonzero(draw(rng, loss, len(set_)))))
                    found[outcome(photo, mtu, repair, arrived)] += 1
                    frames, bytes_ = frames + len(set_), bytes_ + sum(map(len, set_))
                yield channel, link, repair, frames / count, bytes_ / count, found


def expected_whole(loss: float, frames: float, repair: int) -> float:
    """The share of sets of `frames` frames that lose at most `repair`, where each is lost by itself."""
    n = round(frames)
    return sum(comb(n, lost) * loss**lost * (1 - loss) ** (n - lost) for lost in range(repair + 1))


def page(count: int, loss: float, seed: int) -> str:
    """docs/thin-links.md."""
    rows = list(measured(count, loss, seed))
    lines = [START.format(count=count, loss=100 * loss, command=f"-n {count} --loss {loss} --seed {seed}", burst=BURST)]
    for channel in CHANNELS:
        lines += [f"## {channel[0].upper()}{channel[1:]}", "", HEAD]
        for name, link, repair, frames, size, found in rows:
            if name == channel:
                shares = " | ".join(f"{100 * found[what] / count:.1f}" for what in OUTCOMES)
                theory = f"{100 * expected_whole(loss, frames, repair):.1f}" if draws_apart(channel) else ""
                lines.append(f"| {link} | {frames - repair:.0f} + {repair} | {size:.0f} | {shares} | {theory} |")
        lines.append("")
    return "\n".join([*lines, END])


def draws_apart(channel: str) -> bool:
    """Whether the binomial formula holds for the channel."""
    return CHANNELS[channel] is independent


COLUMNS = [
    "link",
    "frames: data + repair",
    "bytes a photo",
    *(f"{what}, %" for what in OUTCOMES),
    "whole by the formula, %",
]
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"

START = """# Photos over thin links

A photo of about a thousand bytes is five frames of LoRaWAN. `sedic-split` makes such frames, `sedic-join` puts them together
again ([spec/frames.md](../spec/frames.md)):

    sedic-split photo.sedic -o frames --mtu 222 --repair 2
    sedic-join frames -o photo.sedic
    sedic-join frames -o photo.sedic --partial     # too few arrived, no repair left: what can be shown
    sedic-join inbox -o photo.sedic --set a73e      # frames of several photos: those of this one

| link | `--mtu` | |
|---|---|---|
| LoRaWAN | 222 | the payload at the faster rates of the 868 and 915 MHz plans; 51 at the slowest |
| Iridium SBD | 340 up, 270 down | bytes of a message of the common modems |
| APRS and other AX.25 | 256 | as a UI frame with a protocol of your own; APRS' text messages are too short and not binary |

The repair frames are those of a Reed-Solomon code (the library reedsolo, extra `frames`): of k data
frames and r for repair any k give the file. Frames without repair need no library.

`sedic-join` puts together one photo. If it is given frames of several, it says which there are; each is known by
the last two bytes of its file, such as `a73e`. With `--json` both commands print one line ([its keys](json.md#split)).

What is lost, measured: {count} transmissions of the ten photos of the demo page (`web/demo`, Kodak, model av1, at most 1,000
bytes each, sent in turns) over a simulated channel that loses {loss:g} % of the frames. Every set that arrived was put
together, and what came out was held against the file. In the second table the same share is lost in runs of {burst} frames on
average: there repair helps less, and frames of several photos sent in turns would help more.

    python -m sedic_tools.pages.thin_links {command} -o docs/thin-links.md
"""

END = """"By the formula" is the share of photos that lose at most as many frames as there are for repair, from the mean
number of frames.

Without repair a lost frame costs all that stands behind it. The latent comes first in a file and has most of its bytes, so
what arrives before the first gap hardly ever shows a picture, and never where the last frame is longer than all words and
masks: `--partial` is for a transfer that breaks off, repair frames are for loss. On a link that loses a tenth of its frames,
two of them for five are worth their 40 %. Frames that arrive late or twice do no harm. A check of 16 bits in each frame finds
damage; that of the file, at the end, finds what it missed.
"""


def main() -> int:
    """Entry point."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-n", "--count", type=int, default=1000, metavar="N", help="photos sent")
    p.add_argument("--loss", type=float, default=0.1, help="share of frames that are lost, below 1/2")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("-o", "--output", type=Path, required=True)
    arguments = p.parse_args()
    if not 0 <= arguments.loss < 0.5 or arguments.count < 1 or arguments.seed < 0:
        p.error("N is 1 or more, the loss 0 to 0.5, the seed 0 or more")
    arguments.output.write_text(page(arguments.count, arguments.loss, arguments.seed), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
