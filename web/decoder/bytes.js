// Small things about bytes and numbers that several parts need.

export const clamp = (value, least, most) => (value < least ? least : value > most ? most : value);

export const bitOf = (bytes, at) => (bytes[at >> 3] >> (7 - (at & 7))) & 1; // most significant bit first

export function equalBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// Values as little-endian 16-bit integers, as digests take them (L-8).
export function littleEndian16(values) {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setInt16(2 * i, value, true));
  return bytes;
}

// A function that computes once.
export function once(compute) {
  let known = false;
  let value;
  return () => {
    if (!known) value = compute();
    known = true;
    return value;
  };
}

export class BitWriter {
  constructor() {
    this.bits = [];
  }

  put(value, count) {
    for (let i = count - 1; i >= 0; i--) this.bits.push(Math.floor(value / 2 ** i) & 1);
  }

  // All that was put; `fill` are the bits of the last byte behind it.
  bytes(fill) {
    const out = new Uint8Array(Math.ceil(this.bits.length / 8));
    for (let i = 0; i < 8 * out.length; i++) if (i < this.bits.length ? this.bits[i] : fill) out[i >> 3] |= 128 >> (i & 7);
    return out;
  }
}
