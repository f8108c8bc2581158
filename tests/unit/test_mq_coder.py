"""The MQ coder against T.88's own test sequence (Annex H.2), and its two ways to end."""

import random

import pytest

from sedicfmt.bitcoding.mq_coder import MARKER, TABLE_E_1, MQDecoder, MQEncoder

H_2_DECISIONS = bytes.fromhex("00020051000000C00352872AAAAAAAAA82C02000FCD79EF6BF7FED904F46A3BF")
H_2_CODED = bytes.fromhex("84C73BFCE1A1430402200000410DBB86F4317FFF88FF37471ADB6ADFFFAC")


def decisions_of(data):
    return [byte >> shift & 1 for byte in data for shift in range(7, -1, -1)]


def encoded(decisions, contexts=1):
    encoder = MQEncoder(contexts)
    for index, decision in enumerate(decisions):
        encoder.encode(index % contexts, decision)
    return encoder


def decoded(data, count, contexts=1):
    decoder = MQDecoder(data, contexts)
    return [decoder.decode(index % contexts) for index in range(count)]


def random_decisions(seed):
    rng = random.Random(seed)
    threshold, count = rng.random(), rng.randrange(300)
    return [int(rng.random() < threshold) for _ in range(count)]


def test_annex_h_2():
    assert encoded(decisions_of(H_2_DECISIONS)).flush() == H_2_CODED
    assert decoded(H_2_CODED, 256) == decisions_of(H_2_DECISIONS)


def test_annex_h_2_shortest():
    shortest = encoded(decisions_of(H_2_DECISIONS)).flush_shortest()
    assert shortest.hex() == H_2_CODED[:-3].hex() + "c9"
    assert decoded(shortest, 256) == decisions_of(H_2_DECISIONS)


def test_table_e_1():
    assert len(TABLE_E_1) == 47
    assert all(qe & 1 and nmps < 47 and nlps < 47 for qe, nmps, nlps, _ in TABLE_E_1)
    assert [index for index, row in enumerate(TABLE_E_1) if row[3]] == [0, 6, 14]


@pytest.mark.parametrize("seed", range(200))
def test_both_ends_decode(seed):
    decisions = random_decisions(seed)
    full, shortest = encoded(decisions, 3).flush(), encoded(decisions, 3).flush_shortest()
    assert full.endswith(MARKER)
    assert len(shortest) <= len(full) - len(MARKER)
    assert not shortest.endswith(b"\xff")
    assert decoded(full, len(decisions), 3) == decoded(shortest, len(decisions), 3) == decisions


@pytest.mark.parametrize("seed", range(40))
def test_shortest_is_shortest_and_least(seed):
    decisions = random_decisions(seed)
    shortest = encoded(decisions, 3).flush_shortest()
    if shortest:
        for last in range(256):  # every string one byte shorter that begins alike
            assert decoded(shortest[:-2] + bytes((last,)), len(decisions), 3) != decisions or len(shortest) == 1
        for last in range(shortest[-1]):
            assert decoded(shortest[:-1] + bytes((last,)), len(decisions), 3) != decisions
        assert decoded(shortest[:-1], len(decisions), 3) != decisions


@pytest.mark.parametrize("count", [1, 2, 7, 100, 5000, 100_000])
@pytest.mark.parametrize("decision", [0, 1])
def test_runs_equal_single_decisions(count, decision):
    single, run = MQEncoder(1), MQEncoder(1)
    for _ in range(count):
        single.encode(0, decision)
    run.encode_run(0, decision, count)
    for encoder in (single, run):
        encoder.encode(0, 1 - decision)
    data = run.flush_shortest()
    assert data == single.flush_shortest()
    decoder, taken = MQDecoder(data, 1), 0
    while taken < count:
        at_once = decoder.decode_run(0, count - taken) if decoder.states[0] & 1 == decision else 0
        taken += at_once
        if taken < count and not at_once:
            assert decoder.decode(0) == decision
            taken += 1
    assert decoder.decode(0) == 1 - decision
