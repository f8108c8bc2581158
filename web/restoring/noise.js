// The noise that a file's seed stands for: Philox 4x64-10, then Box and Muller; the same numbers on every
// machine.

// `count` normal numbers of stage `stage`, float32.
export function noise(seed, stage, count) {
  const words = philox(BigInt(seed), BigInt(stage));
  const out = new Float32Array(count + (count % 2));
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log1p(-fractionOf(words)));
    const angle = 2 * Math.PI * fractionOf(words);
    out[i] = radius * Math.cos(angle);
    out[i + 1] = radius * Math.sin(angle);
  }
  return out.subarray(0, count);
}

const fractionOf = (words) => Number(words.next().value >> 11n) * 2 ** -53;

// The words of the blocks whose counters are (1, 0, 0, stage), (2, 0, 0, stage), ...; lowest word first.
function* philox(seed, stage) {
  for (let count = 1n; ; count++) yield* philoxBlock([count, 0n, 0n, stage], [seed, 0n]);
}

function philoxBlock([a, b, c, d], [k, l]) {
  for (let round = 0; round < 10; round++) {
    const first = a * 0xd2e7470ee14c6c93n;
    const second = c * 0xca5a826395121157n;
    [a, b, c, d] = [(second >> 64n) ^ b ^ k, second & MASK, (first >> 64n) ^ d ^ l, first & MASK];
    k = (k + 0x9e3779b97f4a7c15n) & MASK;
    l = (l + 0xbb67ae8584caa73bn) & MASK;
  }
  return [a, b, c, d];
}

const MASK = 0xffffffffffffffffn;
