"""Latent codecs by the name that --model takes and by the id that a file has: the built-in ones, and other packages'.

What the specification's ids stand for says `allocated.py`. An id for private use belongs to the package that registers a
codec with it under `sedicfmt.latents`.
"""

from __future__ import annotations

from sedicfmt.back_ends import BackEnds
from sedicfmt.errors import BackendFailed, EncodeError, MissingDependency, SedicError, Unsupported
from sedicfmt.installing import install_extra
from sedicfmt.latents.allocated import ALLOCATED, name_of
from sedicfmt.latents.guarded import GuardedCodec

PRIVATE = range(224, 256)

CODECS = BackEnds(
    "latent codec",
    "sedicfmt.latents",
    {
        "sedic-nano-2": "sedicfmt.latents.nano.codec:open_nano_2",
        "sedic-nano-3": "sedicfmt.latents.nano.codec:open_nano_3",
        "av1": "sedicfmt.latents.av1.codec:open_av1",
        "none": "sedicfmt.latents.none.codec:open_none",
        "compressai": "sedicfmt.latents.compressai.codec:open_compressai",
    },
    "decode",
    decodes=True,
)


def open_codec(spec: str) -> GuardedCodec:
    """The codec that `spec` names, NAME or NAME:ARGUMENT, guarded.

    Raises EncodeError for an unknown name, BackendFailed for one that does not load or has no right id, and what the codec
    raises where it lacks something.
    """
    guard, made = CODECS.open(spec, {})
    codec = GuardedCodec(made, guard)
    check_id(spec, codec)
    return codec


def codec_of(model_id: int, spec: str | None = None) -> GuardedCodec:
    """The codec of the id in a file; `spec`: as the user named it, with an argument that says by which weights.

    Raises Unsupported for an id that nobody registered, EncodeError where `spec` is a codec of another id, BackendFailed where
    the file's own lacks something, and as `open_codec`.
    """
    if spec is not None:
        named = open_codec(spec)
        if named.model_id != model_id:
            told = f"the file's model is {name_of(model_id) or model_id}, not {spec}"
            raise EncodeError(f"{told}; it needs no model named, or another", "model")
        return named
    if model_id in ALLOCATED:
        line = ALLOCATED[model_id]
        if line.name not in CODECS.built_in:
            raise Unsupported(f"model {model_id} is {line.name}: {install_extra(line.extra)}", "header.model_id")
        return _of_this_file(line.name)
    if model_id in PRIVATE:
        return _private(model_id)
    raise Unsupported(f"model {model_id} is not known to this reader; known are {sorted(ALLOCATED)}", "header.model_id")


def _of_this_file(name: str) -> GuardedCodec:
    """As `open_codec`; what it lacks is lacking to this file, and other files of a folder go on without it."""
    try:
        return open_codec(name)
    except MissingDependency as error:
        raise BackendFailed(error.message, "header.model_id") from error


def _private(model_id: int) -> GuardedCodec:
    """The codec of an id for private use. Raises Unsupported, which tells of packages that did not open theirs."""
    failed = ""
    for name in CODECS.installed():
        try:
            codec = open_codec(name)
        except (SedicError, OSError) as error:  # another package's fault hides no codec behind it
            failed += f"; {name} did not open: {error}"
            continue
        if codec.model_id == model_id:
            return codec
    told = f"model {model_id}, an id for private use, is not known to this reader; known are {sorted(ALLOCATED)}"
    raise Unsupported(f"{told}{failed}", "header.model_id")


def check_id(spec: str, codec: GuardedCodec) -> None:
    """Raises BackendFailed where a codec's id is another's: a built-in one has its own, a package's is for private use."""
    name = spec.partition(":")[0]
    mine = codec.model_id in ALLOCATED if name in CODECS.built_in else codec.model_id in PRIVATE
    if not mine:
        told = f"has model id {codec.model_id}; ids for private use are {PRIVATE.start} to {PRIVATE.stop - 1}"
        codec.guard.refuse(told)
