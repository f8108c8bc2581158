"""The MQ arithmetic coder of ITU-T T.88 | ISO/IEC 14492, Annex E; functions carry the names of its flow charts.

Each binary decision is coded in a *context* CX, which holds an estimate of how probable its less probable symbol (LPS)
is: an index I into Table E.1 and the sense of the more probable symbol (MPS). The coder keeps an interval that starts
at C and is A wide; it is cut into an LPS part of width Qe at the bottom and an MPS part above it. Whenever A falls
below 0x8000, A and C are doubled until it no longer does (renormalisation), and the estimate moves along the table.
After a byte 0xFF the next byte brings seven bits only, so that a carry cannot run further, and no two bytes are above
0xFF8F.

A state here is 2 I + MPS, one small integer, so that a context is one entry of a list.

The data ends in one of two ways. `flush` is T.88's, with the marker 0xFF 0xAC at the end. `flush_shortest` leaves out
all that a decoder makes up by itself (T.88 E.2.10 permits it): at the marker a decoder reads 1 bits for ever, so a
byte string s stands for the upper end of all numbers that begin with s. `flush_shortest` gives, of the beginnings of what
BYTEOUT writes, the shortest s whose upper end is in the last interval, without marker (spec clauses M-16, M-17). s + FF AC is
a valid T.88 string of the same decisions, and one list of decisions has one s; s never ends in 0xFF.
"""

from __future__ import annotations

MARKER = b"\xff\xac"  # end of an arithmetically coded string (T.88 E.2.9)
BEYOND = 1 << 80  # wider than any last interval; exact units of thousands of bytes would take seconds to add up


class MQEncoder:
    """Encoder with `contexts` contexts, all at I = 0 and MPS = 0 (T.88 E.2)."""

    def __init__(self, contexts: int):
        """INITENC, Figure E.10. The byte before the first is none, so CT is 12."""
        self.states = [0] * contexts
        self.a, self.c, self.ct, self.out = 0x8000, 0, 12, bytearray()

    def encode(self, cx: int, d: int) -> None:
        """ENCODE, CODE0 and CODE1, Figures E.3 to E.5: decision `d` (0 or 1) in context `cx`."""
        state = self.states[cx]
        qe = QE[state]
        self.a -= qe
        if state & 1 == d:
            self._codemps(cx, state, qe)
        else:
            self._codelps(cx, state, qe)

    def encode_run(self, cx: int, d: int, count: int) -> None:
        """`count` times ENCODE of the same; decisions between two renormalisations only add up, so they go at once."""
        while count > 0:
            state = self.states[cx]
            if state & 1 == d:
                at_once = min(count, (self.a - 0x8000) // QE[state])
                self.a -= at_once * QE[state]
                self.c += at_once * QE[state]
                count -= at_once
            if count:
                self.encode(cx, d)
                count -= 1

    def _codemps(self, cx: int, state: int, qe: int) -> None:
        """CODEMPS with conditional exchange, Figure E.7; A is reduced already."""
        if self.a & 0x8000:
            self.c += qe
            return
        if self.a < qe:
            self.a = qe
        else:
            self.c += qe
        self.states[cx] = NMPS[state]
        self._renorme()

    def _codelps(self, cx: int, state: int, qe: int) -> None:
        """CODELPS with conditional exchange, Figure E.6; A is reduced already."""
        if self.a < qe:
            self.c += qe
        else:
            self.a = qe
        self.states[cx] = NLPS[state]
        self._renorme()

    def _renorme(self) -> None:
        """RENORME, Figure E.8."""
        shift = 16 - self.a.bit_length()
        self.a <<= shift
        while shift >= self.ct:
            shift -= self.ct
            self.c <<= self.ct
            self._byteout()
        self.c <<= shift
        self.ct -= shift

    def _byteout(self) -> None:
        """BYTEOUT, Figure E.9: bits 19-26 of C go out (20-27 after 0xFF); a carry goes into the byte before.

        Figure E.9 prints the mask 0x7FFFFF after 0xFF; H.2 and the same figure of JPEG 2000 show that 0xFFFFF is meant.
        """
        if self.c >= 0x8000000 and self.out[-1] != 0xFF:
            self.out[-1] += 1
            self.c &= 0x7FFFFFF
        self.ct = 7 if self.out and self.out[-1] == 0xFF else 8
        low = 27 - self.ct
        self.out.append(self.c >> low)
        self.c &= (1 << low) - 1

    def flush(self) -> bytes:
        """FLUSH, Figure E.11: the whole string with its marker. The encoder is used up."""
        self._setbits()
        for _ in range(2):
            self.c <<= self.ct
            self._byteout()
        if self.out[-1] == 0xFF:
            self.out.pop()
        return bytes(self.out) + MARKER

    def _setbits(self) -> None:
        """SETBITS, Figure E.12: as many 1 bits at the end of C as fit into the interval."""
        top = self.c + self.a
        self.c |= 0xFFFF
        if self.c >= top:
            self.c -= 0x8000

    def flush_shortest(self) -> bytes | None:
        """The shortest string, without marker (see the top of this file). The encoder is used up.

        None where even the whole of C, followed by 1 bits, lies above the interval: read, it would be other decisions.
        """
        width = self.a
        while True:  # write C to its last bit
            width <<= self.ct
            self.c <<= self.ct
            self._byteout()
            if not self.c:
                break
        unit = above = 1 << (27 - self.ct)  # of the last byte; how far what the string stands for reaches above C
        if above > width:
            return None
        while self.out:
            values = 128 if self.out[-2:-1] == b"\xff" else 256
            above += unit * (values - 1 - self.out[-1])
            # behind a shorter string the 1 bits would leave the interval, or a carry be lost
            if not 0 < above <= width:
                break
            self.out.pop()
            unit = min(unit * values, BEYOND)
        return bytes(self.out)


class MQDecoder:
    """Decoder of `data` with `contexts` contexts (T.88 E.3); any bytes decode, behind their end a marker is seen."""

    def __init__(self, data: bytes, contexts: int):
        """INITDEC, Figure E.20."""
        self.states = [0] * contexts
        self.data, self.bp = data + MARKER, 0
        self.c = self.data[0] << 16
        self._bytein()
        self.c <<= 7
        self.ct -= 7
        self.a = 0x8000

    def decode(self, cx: int) -> int:
        """DECODE, Figure E.15: the next decision in context `cx`."""
        state = self.states[cx]
        qe = QE[state]
        self.a -= qe
        if self.c >> 16 < qe:
            more_probable = self.a < qe  # LPS_EXCHANGE, Figure E.17
            self.a = qe
        else:
            self.c -= qe << 16
            if self.a & 0x8000:
                return state & 1
            more_probable = self.a >= qe  # MPS_EXCHANGE, Figure E.16
        self.states[cx] = NMPS[state] if more_probable else NLPS[state]
        self._renormd()
        return state & 1 if more_probable else 1 - (state & 1)

    def decode_run(self, cx: int, limit: int) -> int:
        """How many of the next `limit` decisions in `cx` are its MPS before A must be renormalised; they are taken."""
        qe = QE[self.states[cx]]
        count = min(limit, (self.a - 0x8000) // qe, (self.c >> 16) // qe)
        self.a -= count * qe
        self.c -= count * qe << 16
        return count

    def _renormd(self) -> None:
        """RENORMD, Figure E.18."""
        shift = 16 - self.a.bit_length()
        self.a <<= shift
        while shift > self.ct:
            self.c <<= self.ct
            shift -= self.ct
            self._bytein()
        self.c <<= shift
        self.ct -= shift

    def _bytein(self) -> None:
        """BYTEIN, Figure E.19; at a marker it stays and feeds 1 bits."""
        if self.data[self.bp] != 0xFF:
            self.bp += 1
            self.c += self.data[self.bp] << 8
            self.ct = 8
        elif self.data[self.bp + 1] > 0x8F:
            self.c += 0xFF00
            self.ct = 8
        else:
            self.bp += 1
            self.c += self.data[self.bp] << 9
            self.ct = 7


TABLE_E_1 = (  # (Qe, NMPS, NLPS, SWITCH) of index 0 to 46
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0),
    (0x0221, 38, 33, 0), (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0),
    (0x3001, 11, 17, 0), (0x2401, 12, 18, 0), (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1),
    (0x5401, 16, 14, 0), (0x5101, 17, 15, 0), (0x4801, 18, 16, 0), (0x3801, 19, 17, 0), (0x3401, 20, 18, 0),
    (0x3001, 21, 19, 0), (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0), (0x1C01, 25, 22, 0),
    (0x1801, 26, 23, 0), (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0),
    (0x0AC1, 31, 28, 0), (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0),
    (0x02A1, 36, 33, 0), (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0),
    (0x0049, 41, 38, 0), (0x0025, 42, 39, 0), (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0),
    (0x0001, 45, 43, 0), (0x5601, 46, 46, 0),
)  # fmt: skip

# The same by state 2 I + MPS.
QE = tuple(qe for qe, _, _, _ in TABLE_E_1 for _ in (0, 1))
NMPS = tuple(2 * nmps + mps for _, nmps, _, _ in TABLE_E_1 for mps in (0, 1))
NLPS = tuple(2 * nlps + (mps ^ switch) for _, _, nlps, switch in TABLE_E_1 for mps in (0, 1))
