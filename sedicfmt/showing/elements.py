"""HTML and SVG as trees of the standard library, so that a stranger's words cannot become markup."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sedicfmt.pipeline.provenance import clean


def tag(name: str, /, *inside: Element | str, **attributes: object) -> Element:
    """An element; `class_` is its class, `aria_label` its aria-label; an attribute that is None is left out."""
    told = {
        key.strip("_").replace("_", "-"): clean(str(value)) for key, value in attributes.items() if value is not None
    }
    made = Element(name, told)
    last: Element | None = None
    for part in inside:
        if isinstance(part, Element):
            made.append(part)
            last = part
        elif last is None:
            made.text = (made.text or "") + clean(part)
        else:
            last.tail = (last.tail or "") + clean(part)
    return made


def as_html(root: Element) -> str:
    """A whole HTML document. Styles and scripts within stay as they are: no stranger's word may be in them."""
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def as_svg(root: Element) -> str:
    """An SVG file."""
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"
