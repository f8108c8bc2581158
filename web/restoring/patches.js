// Latents of the bundled restorer: a position is a patch of 8x8 pixels, its 192 channels are the patch's samples in
// -1..1.
//
// Planes and latents are float32: planes[(c * height + y) * width + x], latent[((c * 8 + p) * 8 + q) * rows * columns +
// place].

export const PATCH = 8;
export const MULTIPLE = 32; // the network halves the grid of patches twice

// Samples R, G, B, A -> planes {values, width, height} with edges repeated to whole multiples.
export function planesOf(samples, width, height) {
  const [wide, high] = [width, height].map((side) => Math.ceil(side / MULTIPLE) * MULTIPLE);
  const values = new Float32Array(3 * wide * high);
  for (let c = 0, at = 0; c < 3; c++) {
    for (let y = 0; y < high; y++) {
      const row = Math.min(y, height - 1) * width;
      for (let x = 0; x < wide; x++, at++) values[at] = samples[4 * (row + Math.min(x, width - 1)) + c] / 127.5 - 1;
    }
  }
  return { values, width: wide, height: high };
}

// Planes -> samples R, G, B, A of the top left `width` x `height`.
export function samplesOf(planes, width, height) {
  const samples = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      for (let c = 0; c < 3; c++) samples[at + c] = (planes.values[(c * planes.height + y) * planes.width + x] + 1) * 127.5;
    }
  }
  return samples;
}

export const encode = ({ values, width, height }) => moved(values, width, height, (latent, plane) => [latent, plane]);

export function decode(latent, width, height) {
  return { values: moved(latent, width, height, (inLatent, inPlane) => [inPlane, inLatent]), width, height };
}

// Every sample, from the second to the first of the places that `way` gives for its places in a latent and in planes.
function moved(values, width, height, way) {
  const out = new Float32Array(values.length);
  const [rows, columns] = [height / PATCH, width / PATCH];
  for (let c = 0, inPlane = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, inPlane++) {
        const channel = (c * PATCH + (y % PATCH)) * PATCH + (x % PATCH);
        const [to, from] = way((channel * rows + Math.floor(y / PATCH)) * columns + Math.floor(x / PATCH), inPlane);
        out[to] = values[from];
      }
    }
  }
  return out;
}

// Which positions belong to an object: those at least half covered by its mask, or the fullest where none is.
export function maskOnPatches(mask, { width, height }, planes) {
  const [rows, columns] = [planes.height / PATCH, planes.width / PATCH];
  const share = new Float32Array(rows * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = mask.cells[Math.floor(y / mask.scale) * mask.columns + Math.floor(x / mask.scale)];
      share[Math.floor(y / PATCH) * columns + Math.floor(x / PATCH)] += cell / PATCH ** 2;
    }
  }
  const least = Math.min(0.5, share.reduce((most, value) => Math.max(most, value), 0));
  return share.map((value) => (value >= least ? 1 : 0));
}
