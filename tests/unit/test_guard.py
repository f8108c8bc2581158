"""The guard: whose mistake is whose, and what of a back end's errors passes."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sedicfmt.back_ends import BackEnds
from sedicfmt.declared import reads_files
from sedicfmt.decoders.guarded import GuardedRestorer
from sedicfmt.decoders.interfaces import Restored, RestoreRequest
from sedicfmt.errors import BackendFailed, EncodeError, LimitExceeded, Malformed, MissingDependency, SedicError
from sedicfmt.guard import Guard, lacks_memory, ours, read_only

GREY = np.full((8, 12, 3), 90, np.uint8)


def told(error, **how):
    """What comes out of the guard where `error` is raised within."""
    try:
        with Guard("describer", "x", "theirs 1.0", **how).at_work():
            raise error
    except BaseException as passed:
        return passed


@pytest.mark.parametrize(
    "error",
    [ValueError("a"), SystemExit(0), asyncio.CancelledError(), OSError(2, "b"), SedicError("c"), Malformed("d")],
)
def test_what_may_not_pass_is_the_back_ends_failure(error):
    seen = told(error)
    assert type(seen) is BackendFailed and seen.exit_code == 8 and seen.__cause__ is error
    assert seen.message.startswith("the describer 'x' of the package theirs 1.0 failed: ")


@pytest.mark.parametrize("error", [EncodeError("a"), LimitExceeded("a"), MissingDependency("a"), BackendFailed("a")])
def test_errors_of_a_meaning_pass_and_are_named(error):
    assert told(error) is error and error.message == "the describer 'x' of the package theirs 1.0: a"


def test_what_passes_as_it_is():
    stop, missing, broken = KeyboardInterrupt(), FileNotFoundError(2, "No such file", "a"), Malformed("bits")
    assert told(stop) is stop and told(missing, reads_files=True) is missing and told(broken, decodes=True) is broken


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried"), OSError("Cannot allocate memory")]
)
def test_a_lack_of_memory_is_a_limit(error):
    assert lacks_memory(error) and isinstance(told(error), LimitExceeded)
    assert not lacks_memory(ValueError("no memory of that"))


class Shows:
    """A restorer that calls what it is given."""

    def restore(self, request):
        request.on_step("whole", 1, 1)
        request.on_picture("whole", request.reference)
        return Restored(request.reference, {"restorer": "shows"})


def test_an_error_of_our_own_function_is_not_the_back_ends():
    def full(stage, picture):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        GuardedRestorer(Shows()).restore(RestoreRequest(GREY, "", (), 0, on_picture=full))
    shown = []
    request = RestoreRequest(GREY, "", (), 0, on_picture=lambda stage, picture: shown.append((stage, picture)))
    restored = GuardedRestorer(Shows()).restore(request)
    assert np.array_equal(restored.picture, GREY) and restored.picture is not GREY and restored.picture.flags.writeable
    assert [stage for stage, _ in shown] == ["whole"]


@pytest.mark.parametrize("error", [OSError(28, "a"), SystemExit(3), MemoryError(), Malformed("b")])
def test_any_error_of_our_own_function_passes_also_through_two_doors(error):
    def fails():
        raise error

    with pytest.raises(type(error)) as passed, Guard("restorer", "outer").at_work(), Guard("describer", "x").at_work():
        ours(fails)()
    assert passed.value is error


def test_an_error_is_ours_only_where_our_function_raised_it():
    def fails():
        raise ValueError("a")

    with pytest.raises(ValueError, match="a"):
        ours(fails)()
    assert type(told(ValueError("a"))) is BackendFailed


def test_a_picture_goes_in_read_only():
    with pytest.raises(ValueError, match="read-only"):
        read_only(GREY)[0, 0] = 0
    assert GREY.flags.writeable


def both(argument, *, device="auto", colour="red"):
    """Takes one setting that exists; `colour` has a default and stays."""
    return Made(argument, device, colour)


def everything(argument, **settings):
    """Takes all."""
    return Made(argument, settings)


def bare():
    """Takes nothing."""
    return Made()


@reads_files
def reader(argument):
    """Reads a file that the user named."""
    raise FileNotFoundError(2, "No such file", argument)


class Made:
    """What a factory was called with."""

    def __init__(self, *given):
        self.given = given

    def describe(self):
        """The method that is asked for."""


TABLE = BackEnds(
    "describer", "sedicfmt.nobody",
    {name: f"tests.unit.test_guard:{name}" for name in ("both", "everything", "bare", "reader")},
    "describe", ("device", "base_url"),
)  # fmt: skip


def test_a_factory_gets_what_it_names():
    known = {"device": "cpu", "base_url": None}
    assert TABLE.open("both:x", known)[1].given == ("x", "cpu", "red")
    assert TABLE.open("both", known)[1].given == (None, "cpu", "red")
    assert TABLE.open("everything", known)[1].given == (None, known)
    assert TABLE.open("bare", known)[1].given == ()


def test_what_it_does_not_take_is_the_users_error():
    with pytest.raises(EncodeError, match="takes no argument, not 'x'"):
        TABLE.open("bare:x", {})
    with pytest.raises(EncodeError, match="no use for the choice of base_url") as error:
        TABLE.open("both", {"base_url": "http://a"}, {"base_url": "base_url"})
    assert error.value.path == "base_url"
    TABLE.open("everything", {"base_url": "http://a"}, {"base_url": "base_url"})
    with pytest.raises(FileNotFoundError):
        TABLE.open("reader:nowhere", {})
