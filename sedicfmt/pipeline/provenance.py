"""Where a decoded picture comes from, and what of it a model made up: as facts, and as XMP, which machines read.

A picture whose detail was generated carries IPTC's DigitalSourceType (Photo Metadata Standard 2025.1): a composite with what a
trained algorithm made, or, where the file's latent was not looked at, wholly made so. One that was only decoded carries none.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from sedicfmt.latents.allocated import name_of

if TYPE_CHECKING:
    from sedicfmt.pipeline.unpack import UnpackResult


def facts_of(data: bytes, result: UnpackResult) -> dict[str, str]:
    """What is told of the picture that the file's bytes `data` gave, by PNG's keywords and by "sedic:" ones."""
    told = {"Source": f"sedic sha256:{hashlib.sha256(data).hexdigest()}", "Description": result.file.text}
    model = (
        "none, the latent was not looked at"
        if result.blind
        else name_of(result.file.model_id) or str(result.file.model_id)
    )
    generated = "a model generated its detail" if result.record else "decoded from a latent, no detail was generated"
    told |= {"sedic:model": model, "sedic:seed": str(result.file.seed), "sedic:stage": f"{result.stage}; {generated}"}
    told |= {f"sedic:{key}": value for key, value in result.record.items()}
    return {key: clean(value) for key, value in told.items()}


def xmp_of(data: bytes, result: UnpackResult) -> bytes:
    """The same as an XMP packet."""
    whole = "trainedAlgorithmicMedia" if result.blind else COMPOSITE
    return packet(facts_of(data, result), whole if result.record else None)


def packet(facts: dict[str, str], source_type: str | None) -> bytes:
    """An XMP packet. `facts` as `facts_of` gives them; `source_type`: IPTC's term, None where nothing was generated."""
    root = Element("x:xmpmeta", {"xmlns:x": "adobe:ns:meta/"})
    about = SubElement(
        SubElement(root, "rdf:RDF", {"xmlns:rdf": RDF}), "rdf:Description", {"rdf:about": "", **NAMESPACES}
    )
    SubElement(about, "xmp:CreatorTool").text = CREATOR
    if source_type:
        SubElement(about, "Iptc4xmpExt:DigitalSourceType").text = SOURCE_TYPES + source_type
        SubElement(about, "Iptc4xmpExt:AISystemUsed").text = facts.get("sedic:restorer", CREATOR)
    if words := facts.get("Description"):
        for name in ("dc:description", "Iptc4xmpCore:AltTextAccessibility"):
            SubElement(SubElement(SubElement(about, name), "rdf:Alt"), "rdf:li", {"xml:lang": "x-default"}).text = words
    if source := facts.get("Source"):
        SubElement(about, "dc:source").text = source
    for key, value in facts.items():
        if key.startswith("sedic:"):
            SubElement(about, "sedic:" + UNFIT.sub("_", key[6:])).text = value[:LONGEST]
    return BEGIN + tostring(root, encoding="unicode").encode() + END


def clean(text: str) -> str:
    """Without what does something to a terminal, or to the order of what is shown."""
    return STEERING.sub("\ufffd", text)


def is_ours(metadata: bytes) -> bool:
    """Whether bytes of a picture's file hold a packet of this module."""
    return f"<xmp:CreatorTool>{CREATOR}</xmp:CreatorTool>".encode() in metadata


CREATOR, COMPOSITE = "sedicfmt", "compositeWithTrainedAlgorithmicMedia"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NAMESPACES = {
    "xmlns:dc": "http://purl.org/dc/elements/1.1/", "xmlns:xmp": "http://ns.adobe.com/xap/1.0/",
    "xmlns:Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "xmlns:Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "xmlns:sedic": "urn:x-sedic:1.0:",
}  # fmt: skip
BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
END = b'<?xpacket end="r"?>'
UNFIT = re.compile("^(?![A-Za-z])|[^A-Za-z0-9_.-]")  # in an element's name, or at its beginning
LONGEST = 8000  # characters of one fact: a JPEG has room for 64 kB
# Control characters but the line's end, overrides of direction, halves of surrogate pairs, which no encoding has, and the two
# that XML has no place for.
STEERING = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
