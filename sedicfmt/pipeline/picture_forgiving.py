"""Switches of Pillow for the whole process, so one picture at a time: what it takes, and by which decoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from types import ModuleType

from PIL import ImageFile, TiffImagePlugin

_ONE_AT_A_TIME = RLock()


@contextmanager
def switched_on(module: ModuleType, name: str) -> Iterator[None]:
    """With a switch on."""
    with _ONE_AT_A_TIME:
        before = getattr(module, name)
        setattr(module, name, True)
        try:
            yield
        finally:
            setattr(module, name, before)


def forgiving() -> AbstractContextManager[None]:
    """Files that end too early are decoded as far as they go."""
    return switched_on(ImageFile, "LOAD_TRUNCATED_IMAGES")


def by_libtiff() -> AbstractContextManager[None]:
    """A TIFF without compression is decoded by libtiff, as the others are."""
    return switched_on(TiffImagePlugin, "READ_LIBTIFF")
