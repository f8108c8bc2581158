"""Every mode that Pillow knows, orientation, transparency, sizes."""

import numpy as np
import pytest
from PIL import Image

from sedicfmt.errors import LimitExceeded
from sedicfmt.pipeline.picture import to_rgb
from tests.conftest import draw_photo

PLAIN = ["1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"]


def rgb(image):
    warnings = []
    return to_rgb(image, warnings.append), warnings


@pytest.mark.parametrize("mode", PLAIN)
def test_modes_without_transparency(mode):
    image = Image.new("LAB", (20, 18)) if mode == "LAB" else draw_photo(20, 18).convert(mode)
    pixels, warnings = rgb(image)
    assert pixels.shape == (18, 20, 3)
    assert pixels.dtype == np.uint8
    assert ("CMYK without a profile" in warnings[0]) if mode == "CMYK" else not warnings


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "RGBa", "La"])
def test_transparency_is_laid_on_white_with_a_warning(mode):
    source = Image.new("RGBA", (20, 18), (10, 20, 30, 0))
    image = {
        "PA": lambda: Image.new("PA", (20, 18), (0, 0)),
        "La": lambda: source.convert("LA").convert("La"),
    }.get(mode, lambda: source.convert(mode))()
    pixels, warnings = rgb(image)
    assert "transparent" in warnings[0]
    assert pixels.min() == 255


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [("I;16", 65535, 255), ("I;16", 257, 1), ("I", 65535, 255), ("I", 200, 200), ("F", 0.5, 128), ("F", 200.0, 200)],
)
def test_deep_grey_is_scaled(mode, value, expected):
    dtype = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
    values = np.full((16, 16), value, dtype)
    pixels, _ = rgb(Image.fromarray(values))
    assert (pixels == expected).all()


def test_exif_orientation_is_applied():
    image = draw_photo(40, 20)
    exif = image.getexif()
    exif[0x0112] = 6
    import io

    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    pixels, _ = rgb(Image.open(buffer))
    assert pixels.shape == (40, 20, 3)


@pytest.mark.parametrize("size", [(15, 20), (20, 15), (8193, 16)])
def test_sizes_out_of_bounds(size):
    with pytest.raises(LimitExceeded, match="pixels"):
        rgb(Image.new("L", size))


def test_a_transparent_value_of_deep_grey():
    values = np.full((16, 16), 30000, np.uint16)
    values[0] = 500
    image = Image.fromarray(values)
    image.info["transparency"] = 500
    pixels, warnings = rgb(image)
    assert "transparent" in warnings[0]
    assert (pixels[0] == 255).all()
    assert (pixels[1:] == 117).all()
