// The reference picture and the restored one of a .sedic file in JavaScript: the package's ONNX graphs, run by onnxruntime-web
// as a browser does, and the little around them. docs/onnx.md tells the steps; test_onnx_web.py holds the pictures against
// Python's. `run` gets the files' bytes, so a page can fetch them where a test reads them.

export const PATCH = 8, MULTIPLE = 32, CHANNELS = 3 * PATCH * PATCH, PLACES = 64;
const NOISIEST = Math.max(Math.cos((Math.PI / 2) * (1000 / 1001)) ** 2, 1e-5); // alpha_bar of the only step, t = 999

/** A graph with the files that it names. files: {name: Uint8Array}. */
export async function open(ort, graph, files) {
  const externalData = Object.entries(files).map(([path, data]) => ({ path, data }));
  return ort.InferenceSession.create(graph, { externalData, executionProviders: ["wasm"] });
}

/** g_s (L-7, G-6): y^ as Float32Array of (C_y, rows, columns) -> RGB, (32 rows) x (32 columns); cut it to the latent's pixels. */
export async function paint(ort, synthesis, y, rows, columns) {
  const given = new ort.Tensor("float32", y, [1, y.length / rows / columns, rows, columns]);
  return (await synthesis.run({ y: given })).picture.data;
}

/** A restored picture, RGB. reference: RGB of width x height; objects: [{text, mask}], mask a byte a pixel; seed: BigInt. */
export async function restore(ort, networks, words, { reference, width, height, text, objects, seed }) {
  const w = Math.ceil(width / MULTIPLE) * MULTIPLE, h = Math.ceil(height / MULTIPLE) * MULTIPLE;
  const shown = padded(reference, width, height, w, h);
  const shape = [1, CHANNELS, h / PATCH, w / PATCH];
  const noise = normalNumbers(seed, w * h * 3);
  const read = await textsRead(ort, networks.words, words, [...objects.map((one) => one.text), text]);
  const step = async (number, control) => {
    const given = {
      z: new ort.Tensor("float32", noise, shape),
      control: new ort.Tensor("float32", control, shape),
      alpha_bar: new ort.Tensor("float32", Float32Array.of(NOISIEST), [1]),
      text: new ort.Tensor("float32", read[number], [1, PLACES, read[number].length / PLACES]),
    };
    return (await networks.restorer.run(given)).clean.data;
  };
  const sketch = unshuffle(shown, w, h);
  let latent = sketch, any = new Uint8Array(0);
  for (const [number, { mask }] of objects.entries()) {
    if (!mask.some(Boolean)) continue; // an empty one has no stage
    const inside = onGrid(mask, width, height, w, h), restored = await step(number, latent);
    any = inside.map((yes, i) => (yes || any[i] ? 1 : 0));
    latent = latent.map((old, i) => (inside[i % inside.length] ? restored[i] : old)); // equation 4
  }
  const whole = await step(objects.length, sketch); // of the reference; objects stay as their stages left them
  const detail = shuffle(latent.map((old, i) => (any[i % any.length] ? old : whole[i])), w, h);
  const low = lowFrequencies(shown.map((value, i) => value - detail[i]), w, h);
  return finished(detail.map((value, i) => value + low[i]), width, height, w, h);
}

// -- words ------------------------------------------------------------------------------------------------------------

/** The numbers of words, from the lines of spec/tables/context_words.txt: those that are words, in their order, from 2. */
export function numbersOfWords(lines) {
  const words = lines.filter((line) => /^[\p{L}\p{N}]+$/u.test(line));
  return new Map(words.map((word, i) => [word, i + 2]));
}

async function textsRead(ort, network, words, texts) {
  const numbers = new BigInt64Array(texts.length * PLACES); // 0: no word
  texts.forEach((text, row) => {
    const found = text.match(/[\p{L}\p{N}]+/gu) ?? [];
    found.slice(0, PLACES).forEach((word, i) => (numbers[row * PLACES + i] = BigInt(words.get(word.toLowerCase()) ?? 1)));
  });
  const read = (await network.run({ numbers: new ort.Tensor("int64", numbers, [texts.length, PLACES]) })).text.data;
  const size = read.length / texts.length;
  return texts.map((_, row) => read.slice(row * size, (row + 1) * size));
}

// -- noise (R-2) ------------------------------------------------------------------------------------------------------

const MASK = (1n << 64n) - 1n;

/** Stage 0's normal numbers: Philox 4x64-10, then Box and Muller. */
export function normalNumbers(seed, count) {
  const out = new Float32Array(count), block = [0n, 0n, 0n, 0n];
  for (let i = 0, number = 0n; i < count; i += 4) {
    philox(++number, seed, block);
    const fractions = block.map((word) => Number(word >> 11n) * 2 ** -53);
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = Math.sqrt(-2 * Math.log1p(-fractions[pair])), angle = 2 * Math.PI * fractions[pair + 1];
      out[i + pair] = radius * Math.cos(angle);
      out[i + pair + 1] = radius * Math.sin(angle);
    }
  }
  return out;
}

function philox(number, seed, out) {
  let [a, b, c, d] = [number, 0n, 0n, 0n], [k0, k1] = [seed, 0n];
  for (let round = 0; round < 10; round++) {
    const left = a * 0xd2e7470ee14c6c93n, right = c * 0xca5a826395121157n;
    [a, b, c, d] = [(right >> 64n) ^ b ^ k0, right & MASK, (left >> 64n) ^ d ^ k1, left & MASK];
    k0 = (k0 + 0x9e3779b97f4a7c15n) & MASK;
    k1 = (k1 + 0xbb67ae8584caa73bn) & MASK;
  }
  [out[0], out[1], out[2], out[3]] = [a, b, c, d];
}

// -- pictures: planes of (3, h, w) in -1 .. 1, patches of (192, h / 8, w / 8) -------------------------------------------

function padded(rgb, width, height, w, h) {
  const out = new Float32Array(3 * w * h);
  for (let k = 0, at = 0; k < 3; k++)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < w; j++, at++)
        out[at] = rgb[(Math.min(i, height - 1) * width + Math.min(j, width - 1)) * 3 + k] / 127.5 - 1;
  return out;
}

function* places(w, h) { // of each sample: in the picture's planes, in the patches
  const rows = h / PATCH, columns = w / PATCH;
  for (let k = 0, at = 0; k < 3; k++)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < w; j++, at++) {
        const channel = (k * PATCH + (i % PATCH)) * PATCH + (j % PATCH);
        yield [at, (channel * rows + Math.floor(i / PATCH)) * columns + Math.floor(j / PATCH)];
      }
}

function unshuffle(planes, w, h) {
  const out = new Float32Array(planes.length);
  for (const [plain, cut] of places(w, h)) out[cut] = planes[plain];
  return out;
}

function shuffle(patches, w, h) {
  const out = new Float32Array(patches.length);
  for (const [plain, cut] of places(w, h)) out[plain] = patches[cut];
  return out;
}

/** A mask on the patches' grid: cells at least half covered, or the fullest where none is. */
function onGrid(mask, width, height, w, h) {
  const share = new Float32Array((w / PATCH) * (h / PATCH));
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      share[Math.floor(i / PATCH) * (w / PATCH) + Math.floor(j / PATCH)] += mask[i * width + j] / PATCH ** 2;
  const least = Math.min(0.5, share.reduce((a, b) => Math.max(a, b), 0));
  return share.map((value) => value >= least);
}

/** Five a trous smoothings with (1, 2, 1) / 4, edges repeated. */
function lowFrequencies(planes, w, h) {
  for (let reach = 1; reach <= 16; reach *= 2)
    for (const [step, size, stride] of [[w, h, "row"], [1, w, "column"]]) {
      const out = new Float32Array(planes.length);
      for (let at = 0; at < planes.length; at++) {
        const place = stride === "row" ? Math.floor(at / w) % h : at % w;
        const before = at - Math.min(reach, place) * step, after = at + Math.min(reach, size - 1 - place) * step;
        out[at] = planes[at] / 2 + (planes[before] + planes[after]) / 4;
      }
      planes = out;
    }
  return planes;
}

function finished(planes, width, height, w, h) {
  const out = new Uint8Array(width * height * 3);
  for (let i = 0, at = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      for (let k = 0; k < 3; k++, at++)
        out[at] = Math.round((Math.min(1, Math.max(-1, planes[(k * h + i) * w + j])) + 1) * 127.5);
  return out;
}
