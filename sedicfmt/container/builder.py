"""Frame -> bytes. One content, one byte string (spec clause C-13)."""

from __future__ import annotations

from io import BytesIO

from construct import ConstructError, bits2bytes

from sedicfmt.container.checksum import checksum
from sedicfmt.container.frame import Frame, objects_of, segment_kinds
from sedicfmt.container.schema import LENGTH, Start, ZeroBits
from sedicfmt.container.size import check_latent_scale, size_fields
from sedicfmt.container.varint import build_varint
from sedicfmt.errors import EncodeError, LimitExceeded
from sedicfmt.limits import MAX_EXTENSIONS, MAX_FILE_BYTES, MAX_OBJECTS
from sedicfmt.model import Extension


def build_frame(frame: Frame) -> bytes:
    """The file's bytes. Raises EncodeError or LimitExceeded, naming the field."""
    data = build_header(frame) + b"".join(s.payload for s in frame.segments) + build_extensions(frame.extensions)
    data += checksum(data)
    if len(data) > MAX_FILE_BYTES:
        raise LimitExceeded(f"a file of {len(data)} bytes; the limit is {MAX_FILE_BYTES}")
    return data


def build_header(frame: Frame) -> bytes:
    """The header's bytes: `Start`, the lengths (the last one left out unless extensions follow), zeros (C-1 to C-8)."""
    stream = BytesIO()
    objects = objects_of(len(frame.segments))
    if objects > MAX_OBJECTS:
        raise LimitExceeded(f"{objects} objects; a file holds at most {MAX_OBJECTS}", "objects")
    if [(s.kind, s.path) for s in frame.segments] != segment_kinds(objects):
        raise EncodeError("the segments are not those of a file, in its order", "segments")
    check_latent_scale(frame.width, frame.height, frame.latent_scale)
    extended, seeded = bool(frame.extensions), frame.seed != 0
    fields = {
        "version": frame.version, "objects": objects, "size": size_fields(frame.width, frame.height),
        "model_id": frame.model_id, "latent_scale": frame.latent_scale - 1, "optional": extended or seeded,
        "extended": extended, "seeded": seeded, "seed": frame.seed or None,
    }  # fmt: skip
    try:
        Start.build_stream(fields, stream)
    except ConstructError as error:
        raise EncodeError(f"a header field does not fit: {error}".split("\n")[0], "header") from error
    for segment in frame.segments if frame.extensions else frame.segments[:-1]:
        LENGTH[segment.kind].build_stream(len(segment.payload), stream)
    ZeroBits().build_stream(0, stream)
    header: bytes = bits2bytes(stream.getvalue())
    return header


def build_extensions(extensions: tuple[Extension, ...]) -> bytes:
    """Extension segments: type with the critical flag on top, length, payload; types in rising order (C-10, C-11)."""
    types = [e.type for e in extensions]
    if types != sorted(set(types)) or any(not 1 <= t <= MAX_EXTENSIONS for t in types):
        raise EncodeError(f"extension types must rise and lie within 1..{MAX_EXTENSIONS}", "extensions")
    parts = [bytes([e.type | e.critical << 7]) + build_varint(len(e.payload)) + e.payload for e in extensions]
    return b"".join(parts)
