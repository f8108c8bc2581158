"""The table of describers, and what other packages register in `sedicfmt.describers`.

    offline   annotations:FILE   openai[:MODEL]   vlm:FOLDER_OR_ID

A factory takes the specification's argument (None without a colon) and the picture's path (None where it has none), as whole
as it is known, and returns a `Describer`. Those of the table TAKES are given what only they know as well, by name.
"""

from __future__ import annotations

from typing import Any

from sedicfmt.back_ends import BackEnds
from sedicfmt.encoders.interfaces import Describer
from sedicfmt.errors import EncodeError

DESCRIBERS = BackEnds(
    "describer",
    "sedicfmt.describers",
    {
        "annotations": "sedicfmt.encoders.annotations.describe_annotations:open_annotations",
        "offline": "sedicfmt.encoders.offline.describe_offline:open_offline",
        "openai": "sedicfmt.encoders.talk.describe_openai:open_openai",
        "vlm": "sedicfmt.encoders.talk.describe_vlm:open_vlm",
    },
)


def find_describer(
    spec: str,
    image_name: str | None = None,
    base_url: str | None = None,
    device: str = "auto",
    orientation: int = 1,
    **llm: Any,
) -> Describer:
    """The describer that `spec` names, for the picture at the path `image_name`.

    `base_url`: of a server's API, for describers that ask one; `device`: for those that run a network; `orientation`:
    EXIF's, by which the picture was turned before it is described; `llm`: what was chosen for a language model (timeout,
    retries, max_tokens, longest_side). Raises EncodeError for an unknown name, a bad argument, and an address or a choice
    that nobody needs, BackendFailed for a name registered twice or an entry point that does not load, MissingDependency
    where the describer lacks something, OSError for a file that cannot be read.
    """
    factory, argument = DESCRIBERS.find(spec)
    name = spec.partition(":")[0]
    taken = TAKES.get(name, ())
    if base_url is not None and "base_url" not in taken:
        raise EncodeError(f"the describer {name!r} asks no server", "base_url")
    if idle := sorted(llm.keys() - set(taken)):
        raise EncodeError(f"the describer {name!r} has no use for the choice of {', '.join(idle)}", f"llm_{idle[0]}")
    known = {"base_url": base_url, "device": device, "orientation": orientation, **llm}
    made: Describer = factory(
        argument, image_name, **{setting: known[setting] for setting in taken if setting in known}
    )
    return made


def told_by_name(spec: str) -> bool:
    """Whether the describer that `spec` names may need the picture's name, so that each picture needs its own."""
    return spec.partition(":")[0] not in FOR_ALL


def names_only(spec: str) -> bool:
    """Whether the describer that `spec` names says what objects there are, and never where."""
    return spec.partition(":")[0] in ("openai", "vlm")


def describer_names() -> tuple[str, ...]:
    """All names that `find_describer` knows, in alphabetical order."""
    return DESCRIBERS.names()


FOR_ALL = ("offline", "openai", "vlm")  # what a picture is called says nothing to them: one describer serves many
TAKES = {
    "annotations": ("orientation",),
    "openai": ("base_url", "timeout", "retries", "max_tokens", "longest_side"),
    "vlm": ("device", "max_tokens", "longest_side"),
}
