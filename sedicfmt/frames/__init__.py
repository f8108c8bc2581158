"""A .sedic file in numbered, checked frames for links that carry few bytes at a time (spec/frames.md)."""

from sedicfmt.frames.frame import HEAD_BYTES, OVERHEAD_BYTES, Frame, build_frame, parse_frame
from sedicfmt.frames.join import Joined, join
from sedicfmt.frames.split import split

__all__ = ["HEAD_BYTES", "OVERHEAD_BYTES", "Frame", "Joined", "build_frame", "join", "parse_frame", "split"]
