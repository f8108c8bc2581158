// SHA-256 (FIPS 180-4). The browser's own is not there for pages from disk and does not answer at once.

// Lower-case hexadecimal digest of a Uint8Array.
export function sha256(bytes) {
  const state = Uint32Array.from(START);
  const words = new Uint32Array(64);
  const view = new DataView(padded(bytes).buffer);
  for (let at = 0; at < view.byteLength; at += 64) block(state, words, view, at);
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

function padded(bytes) {
  const out = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  out.set(bytes);
  out[bytes.length] = 128;
  const view = new DataView(out.buffer);
  view.setUint32(out.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(out.length - 4, (bytes.length * 8) >>> 0);
  return out;
}

const turned = (x, n) => (x >>> n) | (x << (32 - n));

function block(state, w, view, at) {
  for (let t = 0; t < 16; t++) w[t] = view.getUint32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const s0 = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ (w[t - 15] >>> 3);
    const s1 = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ (w[t - 2] >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] += value));
}

// The first 32 bits of the fractions of square roots and of cube roots of the first primes.
function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
}

// floor(p^(1/root) 2^32) mod 2^32, exactly: a double of the root's fraction has bits enough for 32 of them, but not to
// be sure.
function fraction(p, root) {
  const target = BigInt(p) << BigInt(32 * root);
  let x = BigInt(Math.floor(p ** (1 / root) * 2 ** 32));
  while (x ** BigInt(root) > target) x--;
  while ((x + 1n) ** BigInt(root) <= target) x++;
  return Number(x & 0xffffffffn);
}

const START = primes(8).map((p) => fraction(p, 2));
const K = Uint32Array.from(primes(64), (p) => fraction(p, 3));
