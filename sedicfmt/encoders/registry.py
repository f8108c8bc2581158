"""The table of describers: `offline`, `annotations:FILE`, and what other packages register in `sedicfmt.describers`.

A factory takes the specification's argument (None without a colon) and the picture's file name (None where it has none)
and returns a `Describer`.
"""

from __future__ import annotations

from sedicfmt.back_ends import BackEnds
from sedicfmt.encoders.interfaces import Describer

DESCRIBERS = BackEnds(
    "describer",
    "sedicfmt.describers",
    {
        "annotations": "sedicfmt.encoders.describe_annotations:open_annotations",
        "offline": "sedicfmt.encoders.describe_offline:open_offline",
    },
)


def find_describer(spec: str, image_name: str | None = None) -> Describer:
    """The describer that `spec` names, for the picture called `image_name`.

    Raises EncodeError for an unknown name or a bad argument, BackendFailed for a name registered twice or an entry point
    that does not load, MissingDependency where the describer lacks something.
    """
    factory, argument = DESCRIBERS.find(spec)
    made: Describer = factory(argument, image_name)
    return made


def describer_names() -> tuple[str, ...]:
    """All names that `find_describer` knows, in alphabetical order."""
    return DESCRIBERS.names()
