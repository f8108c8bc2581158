"""What the coders of masks code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bitmap = NDArray[np.uint8]  # (rows, columns), values 0 and 1
