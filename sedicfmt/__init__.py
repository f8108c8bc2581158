""".sedic: a photo of 768x512 in one to two kilobytes, as words, object masks and a tiny learned latent.

    import sedicfmt
    data = sedicfmt.pack("photo.jpg", max_bytes=1500)
    picture = sedicfmt.unpack(data)

Importing this package loads neither torch nor numpy; `sedicfmt.read`, `write`, `pack`, `unpack` load what they need.
"""

from sedicfmt.api import pack, read, unpack, write
from sedicfmt.errors import SedicError

__all__ = ["SedicError", "__version__", "pack", "read", "unpack", "write"]
__version__ = "0.2.0"
