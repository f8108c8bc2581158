"""What a file is that is no picture which can be read: a word more for the message.

A camera's raw file is a TIFF whose first picture is a small preview: it is refused, or the preview would pass for the photo.
"""

from __future__ import annotations

from sedicfmt.pipeline.picture_ifd import Directory, first_directory

SUBFILE, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, BELOW, FORMAT, DNG = 254, 258, 259, 262, 277, 330, 339, 50706  # tags
RAW = "a camera's raw file; save it as a JPEG or TIFF first"


def kind_of(data: bytes) -> str:
    """For a message, with its colon; empty for what is not known."""
    if not data:
        return ": it is empty"
    told = next((kind for start, at, kind in OTHERS if data[at : at + len(start)] == start), "")
    found = None if told else first_directory(data)
    if found is not None:
        told = RAW if is_raw_photo(data, found) else tiff_told(found)
    return f": it is {told}" if told else ""


def is_raw_photo(data: bytes, found: Directory) -> bool:
    """Whether a TIFF is DNG, CR2, or has a preview first and its pictures below it, as NEF and ARW have."""
    preview = bool((found.first(SUBFILE) or 0) & 1) and bool(found.numbers(BELOW))
    return preview or bool(found.value(DNG)) or data[8:10] == b"CR"


def tiff_told(found: Directory) -> str:
    """Which one, in the words of its tags."""
    bits = found.first(BITS) or 1
    samples = found.first(SAMPLES) or 1
    kind = {2: "signed integers", 3: "floats"}.get(found.first(FORMAT) or 1, "integers")
    return (
        f"a TIFF of a kind that is not known here ({samples} sample{'s' * (samples != 1)} of {bits} bits, {kind}, "
        f"compression {found.first(COMPRESSION) or 1}, photometric interpretation {found.first(PHOTOMETRIC)})"
    )


OTHERS = (
    (b"%!PS", 0, "PostScript"), (b"%PDF", 0, "a PDF"), (b"<svg", 0, "an SVG drawing"), (b"<?xml", 0, "XML, perhaps a drawing"),
    (b"8BPS", 0, "a Photoshop document"), (b"PK", 0, "an archive"), (b"\x5e\xd1", 0, "a .sedic file, for sedic-unpack"),
    (b"<!DOCTYPE", 0, "a web page"), (b"<html", 0, "a web page"), (b"gimp xcf", 0, "a GIMP document"),
    (b"\x76\x2f\x31\x01", 0, "OpenEXR"), (b"#?", 0, "a Radiance picture"), (b"\xff\xd8\xff\xf7", 0, "JPEG-LS"),
    (b"ftypcrx", 4, RAW), (b"FUJIFILMCCD-RAW", 0, RAW), (b"IIRO", 0, RAW), (b"IIRS", 0, RAW), (b"IIU\0", 0, RAW),
    (b"ftypmp4", 4, "a video"), (b"ftypisom", 4, "a video"), (b"ftypqt", 4, "a video"), (b"ftypM4V", 4, "a video"),
    (b"\0\0\1\0", 0, "an icon"), (b"P7\n", 0, "a PAM"), (b"PF\n", 0, "a PFM in colour"), (b"II\xbc\1", 0, "JPEG XR"),
    (b"SDPX", 0, "DPX"), (b"XPDS", 0, "DPX"),
)  # fmt: skip
"""(how it begins, from which byte, what it is)."""
