"""What restoring costs is bounded: pixels times stages, told with the switch that lifts the bound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sedicfmt
from sedicfmt.decoders.interfaces import Restored, RestoreRequest
from sedicfmt.decoders.registry import RestorerOptions
from sedicfmt.limits import MOST_RESTORED
from sedicfmt.model import Mask, SedicFile, SedicObject, grid_shape
from sedicfmt.pipeline.restoring_work import work_within
from sedicfmt.pipeline.unpack import UnpackOptions, unpack_bytes

VALID = Path(__file__).parents[2] / "conformance" / "valid"
stages = st.sampled_from(["objects", "final"])


def file_of(width: int, height: int, objects: int) -> SedicFile:
    everywhere = Mask(np.ones(grid_shape(128, width, height), np.uint8), 128)
    parts = tuple(SedicObject("a", everywhere) for _ in range(objects))
    return SedicFile(width, height, 2, b"", b"", "a", parts, latent_scale=4)


@given(st.integers(16, 8192), st.integers(16, 8192), st.integers(0, 7), stages, st.none() | st.integers(0, 9))
def test_thin_keeps_the_bound_whatever_is_asked(
    width: int, height: int, number: int, stage: str, asked: int | None
) -> None:
    file = file_of(width, height, number)
    work = work_within(file, stage, "thin", asked)
    restored = (len(work.objects) + (work.stage == "final")) * (work.stage != "reference")
    assert restored * width * height <= MOST_RESTORED["thin"]
    told = work.stage != stage or len(work.objects) < min(number, number if asked is None else asked)
    assert bool(work.warnings) == told and all("--profile full" in line for line in work.warnings)


@given(st.integers(16, 8192), st.integers(16, 8192), st.integers(0, 7), stages)
def test_full_bounds_the_objects_until_a_number_is_asked_for(width: int, height: int, number: int, stage: str) -> None:
    file = file_of(width, height, number)
    work = work_within(file, stage, "full")
    whole = stage == "final"
    assert work.stage == stage
    assert (len(work.objects) + whole) * width * height <= max(MOST_RESTORED["full"], whole * width * height)
    assert bool(work.warnings) == (len(work.objects) < number)
    assert all(f"--objects {number}" in line for line in work.warnings)
    assert len(work_within(file, stage, "full", number).objects) == number


class Counting:
    """A restorer that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[RestoreRequest] = []

    def restore(self, request: RestoreRequest) -> Restored:
        self.asked.append(request)
        return Restored(request.reference)


@pytest.mark.parametrize(
    ("side", "profile", "asked", "stage", "objects"),
    [
        (2048, "thin", None, "reference", None),
        (2048, "full", None, "final", 0),
        (2048, "full", 3, "final", 3),
        (1024, "thin", None, "final", 1),
        (1024, "full", None, "final", 3),
        (768, "thin", 3, "final", 2),
        (512, "thin", None, "final", 3),
    ],
)
def test_a_small_file_that_states_much(
    monkeypatch: pytest.MonkeyPatch, side: int, profile: str, asked: int | None, stage: str, objects: int | None
) -> None:
    data = sedicfmt.write(file_of(side, side, 3))
    assert len(data) < 40
    changes = {} if asked is None else {"objects": asked}
    options, restorer = UnpackOptions(profile=profile, restoring=RestorerOptions(changes=changes)), Counting()
    result = unpack_bytes(data, options, None, restorer)
    assert result.stage == stage and result.picture.size == (side, side)
    assert [len(request.objects) for request in restorer.asked] == ([] if objects is None else [objects])


@pytest.mark.parametrize("path", sorted(VALID.glob("three-objects*.sedic")), ids=lambda path: path.stem)
def test_a_photo_is_restored_as_before(path: Path) -> None:
    file = sedicfmt.read(path)
    for profile in ("thin", "full"):
        assert work_within(file, "final", profile).objects == file.objects
