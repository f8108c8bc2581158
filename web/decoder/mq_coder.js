// The MQ coder of ITU-T T.88, Annex E: decoder (M-15) and encoder with the end of M-17. Names are the annex's.

export class MqDecoder {
  constructor(data) {
    this.data = data;
    this.states = new States();
    this.BP = 0;
    this.A = 0x8000;
    this.C = this.byte(0) << 16;
    this.CT = 0;
    this.byteIn();
    this.C = (this.C << 7) >>> 0;
    this.CT -= 7;
  }

  byte(at) { // M-15
    return at < this.data.length ? this.data[at] : at === this.data.length ? 0xff : 0xac;
  }

  byteIn() {
    const stuffed = this.byte(this.BP) === 0xff;
    if (stuffed && this.byte(this.BP + 1) > 0x8f) {
      this.C += 0xff00;
      this.CT = 8;
      return;
    }
    this.BP++;
    this.C += this.byte(this.BP) << (stuffed ? 9 : 8);
    this.CT = stuffed ? 7 : 8;
  }

  decide(CX) {
    const { states } = this;
    const Qe = states.estimate(CX);
    this.A -= Qe;
    const lower = this.C >>> 16 < Qe;
    if (!lower) {
      this.C = (this.C - Qe * 65536) >>> 0;
      if (this.A & 0x8000) return states.MPS[CX];
    }
    const likely = lower === this.A < Qe; // the exchange of E.3.2
    if (lower) this.A = Qe;
    const D = likely ? states.MPS[CX] : 1 - states.MPS[CX];
    states.move(CX, likely);
    do {
      if (!this.CT) this.byteIn();
      this.A <<= 1;
      this.C = (this.C << 1) >>> 0;
      this.CT--;
    } while (!(this.A & 0x8000));
    return D;
  }
}

export class MqEncoder {
  constructor() {
    this.states = new States();
    this.out = [0]; // the byte before the first
    this.A = 0x8000;
    this.C = 0;
    this.CT = 12;
  }

  put(CX, D) {
    const { states } = this;
    const Qe = states.estimate(CX);
    const likely = D === states.MPS[CX];
    this.A -= Qe;
    if (likely && this.A & 0x8000) {
      this.C += Qe;
      return;
    }
    if (likely === this.A < Qe) this.A = Qe;
    else this.C += Qe;
    states.move(CX, likely);
    do {
      this.A <<= 1;
      this.C <<= 1;
      if (!--this.CT) this.byteOut();
    } while (!(this.A & 0x8000));
  }

  byteOut() {
    const last = this.out.length - 1;
    if (this.out[last] !== 0xff && this.C >= 0x8000000) {
      this.out[last]++;
      if (this.out[last] === 0xff) this.C &= 0x7ffffff;
    }
    const stuffed = this.out[last] === 0xff;
    const shift = stuffed ? 20 : 19;
    this.out.push((this.C >>> shift) & 255);
    this.C &= 2 ** shift - 1;
    this.CT = stuffed ? 7 : 8;
  }

  end() { // M-17
    let pad = 0;
    let left;
    do {
      pad += this.CT;
      this.C <<= this.CT;
      this.byteOut();
      left = (this.CT === 8 ? 19 : 20) - pad;
    } while (left > 0);
    dropBytes(this.out, this.A * 2 ** -left);
    return Uint8Array.from(this.out.slice(1));
  }
}

// Bytes are dropped from the end while what they and then 1 bits stand for stays below C + `room`.
function dropBytes(out, room) {
  let added = 0;
  for (let bits = 0; out.length > 1; ) {
    const last = out.length - 1;
    const width = last > 1 && out[last - 1] === 0xff ? 7 : 8;
    const gap = 2 ** width - 1 - out[last];
    if (gap && bits > 60) return;
    added += gap * 2 ** bits;
    if (added < 0 || added >= room) return;
    out.pop();
    bits += width;
  }
}

class States {
  constructor() {
    this.I = new Uint8Array(65536);
    this.MPS = new Uint8Array(65536);
  }

  estimate(CX) {
    return QE[this.I[CX]];
  }

  move(CX, likely) {
    const I = this.I[CX];
    if (!likely && SWITCH.has(I)) this.MPS[CX] ^= 1;
    this.I[CX] = likely ? NMPS[I] : NLPS[I];
  }
}

// Table E.1
const QE = [
  0x5601, 0x3401, 0x1801, 0x0ac1, 0x0521, 0x0221, 0x5601, 0x5401, 0x4801, 0x3801, 0x3001, 0x2401, 0x1c01, 0x1601,
  0x5601, 0x5401, 0x5101, 0x4801, 0x3801, 0x3401, 0x3001, 0x2801, 0x2401, 0x2201, 0x1c01, 0x1801, 0x1601, 0x1401,
  0x1201, 0x1101, 0x0ac1, 0x09c1, 0x08a1, 0x0521, 0x0441, 0x02a1, 0x0221, 0x0141, 0x0111, 0x0085, 0x0049, 0x0025,
  0x0015, 0x0009, 0x0005, 0x0001, 0x5601,
];
const NMPS = [
  1, 2, 3, 4, 5, 38, 7, 8, 9, 10, 11, 12, 13, 29, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
  32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 45, 46,
];
const NLPS = [
  1, 6, 9, 12, 29, 33, 6, 14, 14, 14, 17, 18, 20, 21, 14, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 23, 24, 25, 26, 27,
  28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 46,
];
const SWITCH = new Set([0, 6, 14]);
