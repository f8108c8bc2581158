"""OpenCV, imported when it is first needed: the base package does without it."""

from __future__ import annotations

from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra


def opencv() -> Any:
    """The module cv2. Raises MissingDependency, with the command that installs it, where it is not installed."""
    try:
        import cv2
    except ImportError as error:
        raise MissingDependency(
            f"the offline describer and the segmenter 'grabcut' need OpenCV: {install_extra('nano')}"
        ) from error
    return cv2
