"""Pillow takes files that end too early: one switch for the whole process, so one picture at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from PIL import ImageFile

_FORGIVING = Lock()


@contextmanager
def forgiving() -> Iterator[None]:
    """With the switch on."""
    with _FORGIVING:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before
