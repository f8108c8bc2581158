"""The vectors of spec/frames.md: `python -m sedic_tools.vectors.make_frames` writes conformance/frames/.

Each has a folder of frames; `manifest.json` names those that arrive, and what they give: the file (`complete`), its first
`bytes`, or the `code` of the error's class.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sedicfmt.container.checksum import checksum
from sedicfmt.frames import HEAD_BYTES, split

CONFORMANCE = Path(__file__).resolve().parents[3] / "conformance"


def vectors() -> dict[str, bytes]:
    """The files of the folder by their names."""
    file = (CONFORMANCE / "valid/seed-and-extension.sedic").read_bytes()
    made: dict[str, bytes] = {"file.sedic": file}
    manifest = []
    for name, clauses, frames, arrive, result in cases(file):
        for index, frame in enumerate(frames):
            made[f"{name}/{index:03}.frame"] = frame
        expected = {"file": "file.sedic"} | result if "code" not in result else result
        names = [f"{index:03}.frame" for index in arrive]
        manifest.append({"name": name, "clauses": clauses, "arrive": names} | expected)
    made["manifest.json"] = (json.dumps(manifest, indent=1) + "\n").encode()
    return made


def cases(file: bytes) -> list[tuple[str, list[str], list[bytes], list[int], dict[str, Any]]]:
    """(name, clauses, frames, the numbers of those that arrive, what they give); the file has 60 bytes."""
    plain, repair = split(file, 24), split(file, 24, 2)  # four of 15 bytes
    padded = split(file, 22, 1)  # five of 12 bytes
    uneven = split(file, 26, 2)  # four data frames, the last of them shorter or not: 60 = 4 x 15
    seven = split(file, 18, 3)  # 7 data frames of 9, the last of 6
    whole, every = {"complete": True, "bytes": len(file)}, list(range(7))
    return [
        ("in-order", ["F-2", "F-6"], plain, [0, 1, 2, 3], whole),
        ("any-order-and-twice", ["F-5"], plain, [3, 1, 0, 1, 2], whole),
        ("one-frame", ["F-2"], split(file, 69), [0], whole),
        ("last-frame-shorter", ["F-3"], seven[:7], every, whole),
        ("repair-one-of-five", ["F-7"], padded, [1, 2, 3, 4, 5], whole),
        ("repair-two-of-four", ["F-7", "F-8"], repair, [5, 2, 4, 1], whole),
        ("repair-frames-left-over", ["F-8"], uneven, [0, 1, 2, 3, 4, 5], whole),
        ("repair-the-shorter-frame", ["F-3", "F-7"], seven, [0, 2, 3, 4, 5, 8, 9], whole),
        ("gap", ["F-9"], plain, [0, 1, 3], {"complete": False, "bytes": 30}),
        ("gap-at-the-beginning", ["F-9"], plain, [1, 2, 3], {"complete": False, "bytes": 0}),
        ("too-few-for-repair", ["F-9"], repair, [0, 4, 5], {"complete": False, "bytes": 15}),
        ("one-damaged-one-repaired", ["F-4", "F-8"], [flipped(repair[0]), *repair[1:]], [0, 1, 2, 3, 4], whole),
        ("all-damaged", ["F-4"], [flipped(plain[0])], [0], {"code": "check"}),
        ("version-2", ["F-1"], [resealed(plain[0], 0, 0xF2)], [0], {"code": "unsupported"}),
        ("other-mark", ["F-1"], [resealed(plain[0], 0, 0xE1)], [0], {"code": "malformed"}),
        ("no-data-frame", ["F-2"], [resealed(plain[0], 3, 0)], [0], {"code": "malformed"}),
        ("index-behind-the-last", ["F-2"], [resealed(plain[0], 5, 4)], [0], {"code": "malformed"}),
        ("pad-of-a-frame", ["F-3"], [resealed(plain[0], 6, 4)], [0], {"code": "malformed"}),
        ("no-payload", ["F-4"], [plain[0][:HEAD_BYTES] + checksum(plain[0][:HEAD_BYTES])], [0], {"code": "truncated"}),
        ("two-sets", ["F-5"], [plain[0], repair[1]], [0, 1], {"code": "usage"}),
        ("two-that-differ", ["F-5"], [*plain, resealed(plain[1], 8, 0)], [0, 1, 2, 3, 4], {"code": "malformed"}),
        ("another-file", ["F-8"], [plain[0], resealed(plain[1], 8, 0), *plain[2:]], [0, 1, 2, 3], {"code": "check"}),
    ]  # fmt: skip


def flipped(frame: bytes) -> bytes:
    """The frame with a bit of its payload changed."""
    return frame[:HEAD_BYTES] + bytes([frame[HEAD_BYTES] ^ 1]) + frame[HEAD_BYTES + 1 :]


def resealed(frame: bytes, place: int, value: int) -> bytes:
    """The frame with another byte at a place, and a right check."""
    body = frame[:place] + bytes([value]) + frame[place + 1 : -2]
    return body + checksum(body)


def main() -> None:
    """Write what is not there; what is there stays as it is."""
    for name, content in vectors().items():
        path = CONFORMANCE / "frames" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(content)


if __name__ == "__main__":
    main()
