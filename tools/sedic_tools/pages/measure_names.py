"""How often the offline describer's classifier names a photo rightly, by how sure it is.

    python -m sedic_tools.pages.measure_names FOLDER [--every N]

FOLDER has photos named for what they show, WordNet number first (n01443537_goldfish.jpg). Top-1 is the best of 1000 classes
for the whole photo; then, by probability, how often a class, and how often a general word, is right. The network was trained
on photos of this kind, perhaps on these: for other photos the shares are upper bounds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from sedicfmt.encoders.offline.name_pictures import Namer, class_numbers, general_words, object_name, share_of

BANDS = ((0.5, 1.01), (0.4, 0.5), (0.3, 0.4), (0.2, 0.3), (0.1, 0.2), (0.0, 0.1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only every N-th photo")
    options = parser.parse_args()
    namer, numbers = Namer(), {wnid: number for number, wnid in enumerate(class_numbers())}
    classes, words, said = [], [], []
    for file in sorted(options.folder.glob("n*.jpg"))[:: options.every]:
        true = numbers[file.name.split("_")[0]]
        whole = namer.look(np.asarray(Image.open(file).convert("RGB"))).whole
        classes.append((float(whole.max()), int(whole.argmax()) == true, "class"))
        share, word = max((share_of((word,), whole), word) for word in general_words())
        words.append((share, true in general_words()[word], word))
        name = object_name(whole)
        said.append(None if name is None else true in name.classes)
    print(f"{len(classes)} photos, top-1 {np.mean([right for _, right, _ in classes]):.1%}")
    given = [right for right in said if right is not None]
    print(f"object_name says something for {len(given)}: right {np.mean(given):.1%}")
    for title, found in (
        ("class", classes),
        ("general word", words),
        ("the word building", [w for w in words if w[2] == "building"]),
    ):
        print(title)
        for low, high in BANDS:
            band = [right for score, right, _ in found if low <= score < high]
            if band:
                print(f"  {low:.1f} to {min(high, 1):.1f}: right {np.mean(band):6.1%} of {len(band)}")


if __name__ == "__main__":
    main()
