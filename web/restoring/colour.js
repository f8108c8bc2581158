// The restored picture's detail on the reference's low frequencies: an a trous pyramid with the kernel (1, 2, 1) / 4.

// In place of `restored`; both are planes of one size.
export function keepColours(restored, reference) {
  const { width, height } = restored;
  for (let c = 0; c < 3; c++) {
    const plane = restored.values.subarray(c * width * height, (c + 1) * width * height);
    const other = reference.values.subarray(c * width * height, (c + 1) * width * height);
    const low = lowFrequencies(other.map((value, i) => value - plane[i]), width, height);
    low.forEach((value, i) => (plane[i] += value));
  }
}

function lowFrequencies(plane, width, height) {
  for (let reach = 1; reach < 2 ** LEVELS; reach *= 2) {
    plane = smoothed(plane, height, width, width, 1, reach); // down the columns
    plane = smoothed(plane, width, height, 1, width, reach);
  }
  return plane;
}

// (x[i - reach] + 2 x[i] + x[i + reach]) / 4 along lines of `count` samples that are `step` apart; edges are repeated.
function smoothed(plane, count, lines, step, lineStep, reach) {
  const out = new Float32Array(plane.length);
  for (let line = 0; line < lines; line++) {
    const from = line * lineStep;
    for (let i = 0; i < count; i++) {
      const before = plane[from + Math.max(0, i - reach) * step];
      const after = plane[from + Math.min(count - 1, i + reach) * step];
      out[from + i * step] = plane[from + i * step] / 2 + (before + after) / 4;
    }
  }
  return out;
}

const LEVELS = 5;
