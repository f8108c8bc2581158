"""The detector in numpy: the same answers as OpenCV gives from the same graph; and the reading of protobuf's messages."""

from __future__ import annotations

import numpy as np
import pytest

from sedicfmt.encoders.offline import mobilenet_ssd
from sedicfmt.encoders.offline.detect_ssd import model_file
from sedicfmt.encoders.offline.mobilenet_ssd import SIDE, MobileNetSsd, anchors
from sedicfmt.errors import MissingDependency
from sedicfmt.networks.read_graph import fields, stored_weights


def opened() -> MobileNetSsd:
    try:
        return MobileNetSsd(model_file())
    except MissingDependency:
        pytest.skip("the detector's package is not installed")


def picture() -> np.ndarray:
    """Discs on a ramp: enough for the network to see something in."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    grey = np.stack([x / 2, y / 2, (x + y) / 4], -1)
    for i, (cy, cx, r) in enumerate(((90, 90, 60), (200, 210, 50), (220, 70, 25))):
        grey[np.hypot(y - cy, x - cx) < r] = (60 * i + 30, 200 - 40 * i, 90)
    return grey.astype(np.uint8)


@pytest.mark.slow  # OpenCV reads 67 MB
def test_opencv_gives_the_same_answers() -> None:
    cv2 = pytest.importorskip("cv2")
    ours = opened()
    graph = model_file()
    layout = graph.with_name("ssd_mobilenet_v2_coco_2018_03_29.pbtxt")
    theirs = cv2.dnn.readNetFromTensorflow(str(graph), str(layout))
    theirs.setInput(cv2.dnn.blobFromImage(picture()))
    wanted = sorted((int(label), score, *box) for _, label, score, *box in theirs.forward()[0, 0] if score >= 0.02)
    found = sorted((label, score, *box) for label, score, box in ours.find(picture(), 0.02))
    assert len(found) == len(wanted) > 3
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_features_are_of_the_pictures_own_size() -> None:
    shapes = [plane.shape for plane in opened().features(picture()[:100, :161])]
    assert shapes == [(50, 81, 16), (25, 41, 24), (13, 21, 32), (7, 11, 96)]


def test_anchors_are_those_of_the_layout() -> None:
    found = anchors()
    assert found.shape == (19 * 19 * 3 + (100 + 25 + 9 + 4 + 1) * 6, 4)
    np.testing.assert_allclose(found[0], [0.5 / 19, 0.5 / 19, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(found[-1] * 300, [150, 150, 292.403839, 292.403839], rtol=1e-6)
    np.testing.assert_allclose(found[-2, 2:] * 300, [493.881469, 164.462539], rtol=1e-6)


def test_of_boxes_that_overlap_the_likeliest_stays() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 0.9], [0, 0, 1, 0.5], [2, 2, 3, 3]], np.float32)
    assert mobilenet_ssd._apart(boxes, np.array([0.6, 0.9, 0.7, 0.1], np.float32), 0.5) == [1, 2]


def test_constants_are_read_from_a_graph() -> None:
    def message(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    numbers = np.arange(6, dtype="<f4")
    sizes = b"".join(message(2, b"\x08" + bytes([n])) for n in (2, 3))
    tensor = message(8, b"\x08\x01" + message(2, sizes) + message(4, numbers.tobytes()))
    attributes = message(5, message(1, b"dtype") + message(2, b"\x30\x01")) + message(
        5, message(1, b"value") + message(2, tensor)
    )
    node = message(1, message(1, b"a/weights") + message(2, b"Const") + attributes)
    other = message(1, message(1, b"b") + message(2, b"Relu6"))
    ((name, found),) = stored_weights(memoryview(other + node + b"\x22\x03\x08\x96\x01"), lambda n: n != "b").items()
    assert name == "a/weights" and found.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert list(fields(memoryview(b"\x08\x96\x01\x15abcd"))) == [(1, 150), (2, b"abcd")]
