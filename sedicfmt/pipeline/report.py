"""What `sedic-inspect` says of a file: its segments with places and costs, texts, masks, models, digests."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from sedicfmt.container.content import content_of, file_with
from sedicfmt.container.frame import Frame, Segment
from sedicfmt.container.parser import parse_frame
from sedicfmt.container.profile import check_profile, kept_profile
from sedicfmt.errors import FileError
from sedicfmt.latents.allocated import ALLOCATED, id_of
from sedicfmt.latents.compressai import payload as compressai
from sedicfmt.model import SedicFile
from sedicfmt.segments import mask, text
from sedicfmt.segments.mask import ParsedMask


def report_bytes(
    data: bytes, check: bool = False, allow_prefix: bool = False, profile: str = "full", model: str | None = None
) -> dict[str, Any]:
    """The contents of `sedic-inspect --json`. `check`: decode the latent too and add its symbols' digests, by `model` where
    the user names one.

    Raises SedicError for a file that cannot be read or is beyond `profile`, and with `check` for a latent that cannot be
    decoded.
    """
    frame = parse_frame(data, allow_prefix)
    check_profile(frame, len(data), profile)
    content = content_of(frame, profile)
    pixels = frame.width * frame.height
    entry = ALLOCATED.get(frame.model_id)
    payload_bytes = sum(len(s.payload) for s in frame.segments) + sum(len(e.payload) for e in frame.extensions)
    overhead = len(data) - payload_bytes if frame.complete else frame.segments[0].offset  # a prefix's: its header
    report: dict[str, Any] = {
        "version": frame.version,
        "complete": frame.complete,
        "profile": kept_profile(frame, len(data), content.changes),
        "file_bytes": len(data),
        "width": frame.width,
        "height": frame.height,
        "pixels": pixels,
        "bpp": len(data) * 8 / pixels,
        "overhead_bytes": overhead,
        "seed": frame.seed,
        "latent_scale": frame.latent_scale,
        "models": {"latent": {"id": frame.model_id, "name": entry.name if entry else None, **_maker(frame)}},
        "texts": {"overall": content.text, "objects": content.names},
        "masks": [_mask(one) for one in content.masks],
        "segments": [_segment(s, entry.coder if entry else "unknown", len(data), pixels) for s in frame.segments],
        "extensions": [{"type": e.type, "critical": e.critical, "bytes": len(e.payload)} for e in frame.extensions],
    }
    if check:
        report["digests"] = digests(file_with(frame, content), model)
    return report


def _maker(frame: Frame) -> dict[str, str]:
    """What a file of model compressai says of who made its latent, if that can be read (K-2)."""
    if frame.model_id != id_of("compressai"):
        return {}
    with suppress(FileError):
        return compressai.split(frame.segments[0].payload)[0].as_json()
    return {}


def _segment(segment: Segment, latent_coder: str, file_bytes: int, pixels: int) -> dict[str, Any]:
    size = len(segment.payload)
    return {
        "kind": segment.kind, "path": segment.path, "coder": _coder(segment, latent_coder), "offset": segment.offset,
        "bytes": size, "bits": size * 8, "bpp": size * 8 / pixels, "share": size / file_bytes,
    }  # fmt: skip


def _coder(segment: Segment, latent_coder: str) -> str:
    if segment.kind.startswith("latent"):
        return latent_coder
    return text.coder_name(segment.payload) if segment.kind.startswith("text") else mask.coder_name(segment.payload)


def _mask(one: ParsedMask) -> dict[str, Any]:
    """Scale in pixels a cell, grid, set cells, share of the grid, SHA-256 of the cells as bytes 0 and 1."""
    values, (rows, columns) = one.cells
    area = values.count(1)
    return {
        "scale": one.scale, "rows": rows, "columns": columns, "cells": area,
        "share": area / len(values), "sha256": hashlib.sha256(values).hexdigest(),
    }  # fmt: skip


def digests(file: SedicFile, model: str | None = None) -> dict[str, str]:
    """SHA-256 of the symbols of z and y, or of av1's payloads; the latent is decoded for it (L-8, A-5)."""
    from sedicfmt.latents.painting import decode_latent

    return decode_latent(file, model).digests()
