"""Fits the offline segmenter's mask head (encoders/offline/mask_head.npz) on a COCO folder's photos called train2017_...

    python -m sedic_tools.tables.train_mask_head FOLDER OUT.npz

Of each annotated object that is not tiny it learns from the true box, two boxes moved by a few percent a side, and up to two
boxes that the detector found for it; each also mirrored. In training 0.6 of the channels are dropped at random and weights
decay strongly: there are few photos and many features. Takes about ten minutes on one CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from sedicfmt.encoders.annotations.describe_annotations import AnnotationsDescriber
from sedicfmt.encoders.interfaces import Box, DescribedObject, DescribeRequest, Detection
from sedicfmt.encoders.offline.detect_ssd import SsdDetector, intersection
from sedicfmt.encoders.offline.efficientnet_numpy import EfficientNetLite
from sedicfmt.encoders.offline.mask_head import CHANNELS, ENDS, GRID, crop, positions
from sedicfmt.errors import EncodeError
from sedicfmt.picture import Picture

HIDDEN, EPOCHS, BATCH, RATE, DECAY, DROPPED = 16, 5, 16, 4e-3, 1.0, 0.6
LEAST_SHARE = 0.004  # of the picture
MOVED = 0.07  # of the box a side, standard deviation


class Head(nn.Module):
    """torch's twin of encoders/offline/mask_head.py, its inputs normalised; `stored` folds that into the weights."""

    def __init__(self, means: list[Tensor], spreads: list[Tensor]):
        super().__init__()
        self.means, self.spreads = means, spreads
        self.stages = nn.ModuleList(nn.Conv2d(c, HIDDEN, 1, bias=False) for c in CHANNELS)
        self.place = nn.Conv2d(8, HIDDEN, 1)
        self.out = nn.Conv2d(HIDDEN, 1, 3, padding=1)
        self.positions = torch.tensor(positions()).permute(2, 0, 1)[None]
        for stage in self.stages:
            nn.init.normal_(stage.weight, 0, 0.02)

    def forward(self, features: list[Tensor]) -> Tensor:
        h = self.place(self.positions)
        for x, mean, spread, stage in zip(features, self.means, self.spreads, self.stages, strict=True):
            x = stage(F.dropout2d((x - mean) / spread, DROPPED, self.training))
            h = h + (x if x.shape[-1] == GRID else F.interpolate(x, (GRID, GRID), mode="bilinear"))
        return self.out(F.relu(h))[:, 0]

    def stored(self) -> dict[str, np.ndarray]:
        arrays, bias = {}, self.place.bias.detach().clone()
        for number, stage in enumerate(self.stages):
            weight = stage.weight.detach()[:, :, 0, 0] / self.spreads[number][0, :, 0, 0]
            bias -= weight @ self.means[number][0, :, 0, 0]
            arrays[f"stage{number}"] = weight.T
        arrays |= {"place": self.place.weight.detach()[:, :, 0, 0].T, "bias": bias}
        arrays |= {
            "out": self.out.weight.detach()[0].permute(1, 2, 0).reshape(9, -1),
            "out_bias": self.out.bias.detach(),
        }
        return {name: array.numpy().astype(np.float32) for name, array in arrays.items()}


def samples(folder: Path) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """Features and true shares of the cells, for every box to learn from."""
    network, detector, random = EfficientNetLite(), SsdDetector(0.3), np.random.default_rng(0)
    for file in sorted(folder.glob("train2017_*.jpg")):
        image = np.asarray(Image.open(file).convert("RGB"))
        try:
            truth = AnnotationsDescriber(folder / "instances.json")
            objects = truth.describe(image, DescribeRequest(objects=1000, image_name=file.name)).objects
        except EncodeError:  # not among the annotated ones
            continue
        detections = detector.detect(image)
        for described in objects:
            if described.pixels is None or described.pixels.mean() < LEAST_SHARE:
                continue
            shades = np.repeat(described.pixels[..., None] * np.uint8(255), 3, axis=2)
            shades = np.pad(shades, ((1, 1), (1, 1), (0, 0)))  # black goes on beyond the edges, not the mask
            for box in boxes(described, detections, random, image):
                seen = crop(image, box)
                mask = crop(shades, Box(box.left + 1, box.top + 1, box.right + 1, box.bottom + 1))[..., 0] / 255
                cells = mask.reshape(GRID, len(mask) // GRID, GRID, -1).mean((1, 3)).astype(np.float32)
                for step in (1, -1):
                    features = network.features(np.ascontiguousarray(seen[:, ::step]))
                    yield [_stage(features[end]) for end in ENDS], cells[:, ::step]


def boxes(
    true: DescribedObject, detections: tuple[Detection, ...], random: np.random.Generator, image: Picture
) -> list[Box]:
    """The true box, two moved ones, and what the detector found of it."""
    assert true.pixels is not None
    rows, columns = np.nonzero(true.pixels)
    box = Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    wide, tall, found = box.right - box.left, box.bottom - box.top, [box]
    for _ in range(2):
        left, top, right, bottom = random.normal(0, MOVED, 4) * [wide, tall, wide, tall]
        edges = max(0, box.left + left), max(0, box.top + top), box.right + right, box.bottom + bottom
        found.append(Box(edges[0], edges[1], min(image.shape[1], edges[2]), min(image.shape[0], edges[3])))
    for detection in [d for d in detections if d.name == true.name]:
        common = intersection(detection.box, box)
        if common > 0.5 * (detection.box.area + box.area - common) and len(found) < 5:
            found.append(detection.box)
    return found


def _stage(features: np.ndarray) -> np.ndarray:
    """(c, rows, columns) of at most GRID cells a side, in half precision to save memory."""
    if len(features) > GRID:
        step = len(features) // GRID
        features = features.reshape(GRID, step, GRID, step, -1).mean((1, 3))
    return features.transpose(2, 0, 1).astype(np.float16)


def fit(data: list[tuple[list[np.ndarray], np.ndarray]]) -> Head:
    torch.manual_seed(0)
    features, _ = batch(data[::7])
    head = Head(
        [f.mean((0, 2, 3), keepdim=True) for f in features], [f.std((0, 2, 3), keepdim=True) + 1e-3 for f in features]
    )
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * (len(data) // BATCH))
    random = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        order, total = random.permutation(len(data)), 0.0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            features, true = batch([data[i] for i in order[start : start + BATCH]])
            loss = loss_of(head(features), true)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / (len(order) // BATCH):.3f}", flush=True)
    return head.eval()


def loss_of(logits: Tensor, true: Tensor) -> Tensor:
    """Cross entropy, and half the mean of 1 - Dice, which counts small things as much as large ones."""
    p = torch.sigmoid(logits)
    dice = (2 * (p * true).sum((1, 2)) + 1) / ((p + true).sum((1, 2)) + 1)
    return F.binary_cross_entropy_with_logits(logits, true) + 0.5 * (1 - dice).mean()


def batch(data: list[tuple[list[np.ndarray], np.ndarray]]) -> tuple[list[Tensor], Tensor]:
    features = [torch.tensor(np.stack([f[i] for f, _ in data]).astype(np.float32)) for i in range(len(ENDS))]
    return features, torch.tensor(np.stack([cells for _, cells in data]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    data = list(samples(options.folder))
    print(f"{len(data)} boxes, mirrored ones included", flush=True)
    arrays: dict[str, Any] = fit(data).stored()
    np.savez(options.out, **arrays)


if __name__ == "__main__":
    main()
