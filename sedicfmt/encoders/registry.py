"""The table of describers, and what other packages register in `sedicfmt.describers`.

    offline   annotations:FILE   openai[:MODEL]   vlm:FOLDER_OR_ID

A factory takes the specification's argument (None without a colon) and those of SETTINGS that it names, and returns a
`Describer`, which serves any number of pictures: what is true of one picture alone is in its `DescribeRequest`.
"""

from __future__ import annotations

from typing import Any

from sedicfmt.back_ends import BackEnds
from sedicfmt.encoders.guarded import GuardedDescriber

SETTINGS = ("device", "base_url", "timeout", "retries", "max_tokens", "longest_side")
DESCRIBERS = BackEnds(
    "describer",
    "sedicfmt.describers",
    {
        "annotations": "sedicfmt.encoders.annotations.describe_annotations:open_annotations",
        "offline": "sedicfmt.encoders.offline.describe_offline:open_offline",
        "openai": "sedicfmt.encoders.talk.describe_openai:open_openai",
        "vlm": "sedicfmt.encoders.talk.describe_vlm:open_vlm",
    },
    "describe",
    SETTINGS,
)


def find_describer(spec: str, base_url: str | None = None, device: str = "auto", **llm: Any) -> GuardedDescriber:
    """The describer that `spec` names, ready for any number of pictures, with a guard around it (`inner` is the describer).

    `base_url`: of a server's API, for describers that ask one; `device`: for those that run a network; `llm`: what was chosen
    for a language model (timeout in seconds, retries, max_tokens, longest_side in pixels). Raises EncodeError for an unknown
    name, a bad argument, and an address or a choice that nobody needs, BackendFailed for a name registered twice or a back
    end that does not load or breaks, MissingDependency where the describer lacks something, OSError for a file of the user's
    that cannot be read.
    """
    chosen = {"base_url": base_url, **llm}
    paths = {name: name if name == "base_url" else f"llm_{name}" for name, value in chosen.items() if value is not None}
    guard, made = DESCRIBERS.open(spec, {"device": device, **chosen}, paths)
    return GuardedDescriber(made, guard)


def describer_names() -> tuple[str, ...]:
    """All names that `find_describer` knows, in alphabetical order."""
    return DESCRIBERS.names()
