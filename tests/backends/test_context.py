"""The context of z and y: clauses H-7 to H-10 once more in plain Python integers, and the coding both ways."""

import numpy as np
import pytest

from sedicfmt.errors import LimitExceeded, Malformed
from sedicfmt.latents.nano.context import TwoPasses, decode_z, encode_z, prior_of_z, walk
from sedicfmt.segments.latent import SymbolReader, SymbolWriter, shifted, shifted_tables

CY, CZ, N = 3, 2, 2
Z_SHAPE, Y_SHAPE = (CZ, 2, 3), (CY, 4, 5)


@pytest.fixture
def weights():
    rng = np.random.default_rng(4)

    def layer(name, outputs, inputs, shift):
        shape = (outputs, *np.atleast_1d(inputs))
        return {
            name + ".weight": rng.integers(-127, 128, shape).astype(np.int8),
            name + ".bias": rng.integers(-9000, 9000, outputs).astype(np.int32),
            name + ".multiplier": rng.integers(1, 1 << 15, outputs).astype(np.int32),
            name + ".shift": np.array([shift], np.int32),
        }

    return {
        **layer("h_s.grow", 4 * N, (CZ, 3, 3), 12),
        **layer("h_s.leave", 2 * CY, N, 31),
        **layer("h_s.look", N, N + 4 * CY, 17),
        **layer("h_s.leave_odd", 2 * CY, 2 * N, 31),
        **layer("prior_z.look", N, 4 * CZ, 13),
        **layer("prior_z.leave", 2 * CZ, N, 31),
    }


class Plain:
    """The clauses, a value at a time, without numpy."""

    def __init__(self, weights):
        self.w = {name: value.tolist() for name, value in weights.items()}

    def layer(self, name, x, low=-32767):
        total = [
            b + sum(a * c for a, c in zip(row, x, strict=True))
            for b, row in zip(self.w[name + ".bias"], self.w[name + ".weight"], strict=True)
        ]
        return self.requantised(name, total, low)

    def requantised(self, name, total, low):
        shift = self.w[name + ".shift"][0]
        scaled = [(t * m + (1 << shift - 1)) >> shift for t, m in zip(total, self.w[name + ".multiplier"], strict=True)]
        return [min(max(v, low), 32767) for v in scaled]

    def z_at(self, z, i, j):
        """H-7: means and indices of z at a position."""

        def at(p, q):
            here = 0 <= p < Z_SHAPE[1] and 0 <= q < Z_SHAPE[2]
            return [int(z[c, p, q]) if here else 0 for c in range(CZ)]

        x = at(i - 1, j - 1) + at(i - 1, j) + at(i - 1, j + 1) + at(i, j - 1)
        v = self.layer("prior_z.leave", self.layer("prior_z.look", x, 0))
        return v[:CZ], [min(max(k, 1), 31) for k in v[CZ:]]

    def hidden(self, z, row, column):
        """H-2 to H-4."""
        i, j, taps = row // 2, column // 2, self.w["h_s.grow.weight"]
        total = list(self.w["h_s.grow.bias"])
        for o, c, p, q in np.ndindex(4 * N, CZ, 3, 3):
            if 0 <= i + p - 1 < Z_SHAPE[1] and 0 <= j + q - 1 < Z_SHAPE[2]:
                total[o] += taps[o][c][p][q] * int(z[c, i + p - 1, j + q - 1])
        grown = self.requantised("h_s.grow", total, 0)
        return [grown[4 * n + 2 * (row % 2) + column % 2] for n in range(N)]

    def y_at(self, z, y, row, column):
        """H-6, H-9, H-10: means and indices of y at a position."""
        h = self.hidden(z, row, column)
        if (row + column) % 2 == 0:
            v = self.layer("h_s.leave", h)
        else:
            x = list(h)
            for p, q in ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)):
                here = 0 <= p < Y_SHAPE[1] and 0 <= q < Y_SHAPE[2]
                x += [256 * min(max(int(y[c, p, q]), -127), 127) if here else 0 for c in range(CY)]
            v = self.layer("h_s.leave_odd", h + self.layer("h_s.look", x, 0))
        return v[:CY], [min(max(k, 0), 47) for k in v[CY:]]


def test_the_prior_of_z_is_the_specifications_arithmetic(weights):
    z, plain = np.random.default_rng(0).integers(-5, 6, Z_SHAPE), Plain(weights)
    padded = np.pad(z, ((0, 0), (1, 0), (1, 1))).transpose(1, 2, 0)
    seen = set()
    for i, j in np.ndindex(Z_SHAPE[1:]):
        before = np.concatenate([padded[i, j : j + 3].reshape(-1), padded[i + 1, j]])
        mean, index = prior_of_z(before, weights)
        assert (mean.tolist(), index.tolist()) == plain.z_at(z, i, j)
        seen |= set(index.tolist())
    assert len(seen) > 2  # the test would pass on constants otherwise


def test_the_passes_over_y_are_the_specifications_arithmetic(weights):
    rng, plain = np.random.default_rng(0), Plain(weights)
    z = rng.integers(-5, 6, Z_SHAPE).astype(np.int32)
    y = rng.integers(-2, 3, Y_SHAPE).astype(np.int32)
    y[0, 0, 0] = 300  # counts as 127
    scan, seen = TwoPasses(z, *Y_SHAPE[1:], weights), set()
    for number, mask in enumerate(scan.masks):
        mean, index = scan.steer(number, np.where(scan.masks[0], y, 0) if number else np.zeros((1, 1, 1), np.int32))
        for row, column in np.argwhere(mask):
            expected = plain.y_at(z, y, row, column)
            assert (mean[:, row, column].tolist(), index[:, row, column].tolist()) == expected
            seen |= set(expected[1])
    assert len(seen) > 4


def test_values_come_back_whatever_they_are(weights):
    rng = np.random.default_rng(1)
    z = (rng.normal(size=Z_SHAPE) * 40).astype(np.int32)
    data = encode_z(z, weights)
    assert np.array_equal(decode_z(data, Z_SHAPE, weights), z)
    scan, writer, sent = TwoPasses(z, *Y_SHAPE[1:], weights), SymbolWriter(), []

    def send(mean, index):
        sent.append((rng.normal(size=index.shape) * 20).astype(np.int32) * (index > 0))
        writer.write(sent[-1], index)
        return sent[-1]

    symbols, mean = walk(scan, send)
    reader = SymbolReader(writer.finish())
    again, mean_again = walk(TwoPasses(z, *Y_SHAPE[1:], weights), lambda _, index: reader.read(index))
    reader.close()
    assert np.array_equal(symbols, again)
    assert np.array_equal(mean, mean_again)
    assert np.array_equal(symbols, sum(sent))


def test_a_payload_with_more_in_it_is_refused(weights):
    with pytest.raises(Malformed):
        decode_z(encode_z(np.ones(Z_SHAPE, np.int32), weights) + b"\0", Z_SHAPE, weights)


def test_z_beyond_its_limit_is_refused(weights):
    """A value that fits a table's escape can still be too large with what is added to it (H-8)."""
    weights["prior_z.leave.bias"][:] = 1 << 30
    weights["prior_z.leave.shift"][0] = 10
    mean, index = prior_of_z(np.zeros(4 * CZ), weights)
    assert mean.max() == 32767
    writer = SymbolWriter()
    writer.write_shifted(np.full(CZ, (32767 >> 6) + 32767), mean, index)
    with pytest.raises(LimitExceeded, match="beyond 32767"):
        decode_z(writer.finish(), (CZ, 1, 1), weights)


def test_shifted_tables_mirror_what_they_do_not_hold():
    """H-8: a mean at +3/16 of a step codes v as a mean at -3/16 codes -v."""
    assert len(shifted_tables()) == 31 * 4
    [(base, sign, table)] = shifted(np.array([64 + 12]), np.array([5]))
    [(base_m, sign_m, table_m)] = shifted(np.array([-64 - 13]), np.array([5]))
    assert (base, sign) == (1, -1)
    assert (base_m, sign_m) == (-1, 1)
    assert table is table_m


@pytest.mark.parametrize("mean", range(-40, 41, 5))
def test_shifted_tables_favour_values_near_the_mean(mean):
    def bits(value):
        [(base, sign, table)] = shifted(np.array([mean]), np.array([12]))
        k = sign * (value - base) + table.largest
        return -np.log2((table.cumulative[k + 1] - table.cumulative[k]) / 65536)

    costs = [bits(v) for v in (-2, -1, 0, 1, 2)]
    assert np.argmin(costs) - 2 == np.floor(mean / 64 + 0.5)
