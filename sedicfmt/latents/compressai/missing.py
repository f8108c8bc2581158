"""What the codec of CompressAI needs, and how that is told; nothing of it is imported here."""

from __future__ import annotations

from importlib.util import find_spec

from sedicfmt.errors import MissingDependency
from sedicfmt.installing import install_extra

PACKAGES = ("torch", "torchvision", "compressai")


def require_packages() -> None:
    """Raises MissingDependency, with the command that installs them, where one is not installed."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise MissingDependency(need(" and ".join(missing)))


def need(missing: str) -> str:
    """The message of what is missing."""
    return f"the model compressai needs {missing}: {install_extra('compressai')}"
