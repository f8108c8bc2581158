"""How much of a cut JPEG is there, by its scans (ITU-T T.81 annex G).

A sequential picture has what its rows have. Each scan of a progressive one brings some coefficients of all blocks to some bit:
with a part of them the whole picture is seen, but coarsely. What a coefficient counts falls with its frequency, and each bit
that is missing at its end takes more than a third: so photos spend their bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from sedicfmt.pipeline.picture_jpeg import MARKER, START_OF_SCAN

PROGRESSIVE = (0xC2, 0xCA)
BY_BIT = 0.62  # of a coefficient is known without its lowest bit


def share_of_scans(data: bytes, of_last: float) -> float:
    """Of the picture, 0 to 1; `of_last`: of the last scan that has begun, the share that is there."""
    sampling, scans, progressive = dict[int, int](), list[bytes](), False
    for marker, body in markers(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 6:
            progressive = marker in PROGRESSIVE
            sampling = {body[i]: (body[i + 1] >> 4) * (body[i + 1] & 15) for i in range(6, len(body) - 2, 3)}
        elif marker == START_OF_SCAN:
            scans.append(body)
    known = {(name, k): 0.0 for name in sampling for k in range(64)}
    for number, scan in enumerate(scans, 1):
        names = scan[1 : 1 + 2 * scan[0] : 2]
        first, last, low = (scan[-3], scan[-2], scan[-1] & 15) if progressive else (0, 63, 0)
        share = of_last if number == len(scans) else 1.0
        for place in ((name, k) for name in names for k in range(first, min(last, 63) + 1)):
            if place in known:
                known[place] += (BY_BIT**low - known[place]) * share
    luma = next(iter(sampling), 0)  # the first component has the detail, also where the others have as many samples
    weights = {
        (name, k): (max(sampling[name], 4) if name == luma else sampling[name]) ** 2 / (k or 2) for name, k in known
    }
    return sum(weights[place] * known[place] for place in known) / (sum(weights.values()) or 1)


def has_scan(data: bytes) -> bool:
    """Whether the head of a scan is whole."""
    return any(marker == START_OF_SCAN for marker, _ in markers(data))


def without_cut_segment(data: bytes) -> bytes:
    """Up to a segment between scans that is not whole, of which a decoder would take the filling for tables."""
    begun = [at for at, _, end in places(data) if end > len(data)]
    return data[: begun[0]] if begun else data


def markers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, content) of each whole segment, also between scans."""
    return ((marker, data[at + 4 : end]) for at, marker, end in places(data) if end <= len(data) and end - at > 5)


def places(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(where it begins, marker, where it says that it ends) of each segment; one without its length ends behind the file."""
    at = 2
    while match := MARKER.search(data, at):
        at = match.start()
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4]) if at + 4 <= len(data) else len(data) + 1
        yield at, data[at + 1], end
        at = max(end, at + 2)
