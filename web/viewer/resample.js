// A picture at another size: bicubic with a = -1/2 (L-7), as Pillow does it: rows first, rounded between the two
// passes, and with a wider kernel where the picture gets smaller.

// Samples R, G, B, A of `width` x `height` -> of `toWidth` x `toHeight`.
export function resample(samples, width, height, toWidth, toHeight) {
  const wide = pass(samples, width, height, toWidth, 4, 4 * width, 4, 4 * toWidth);
  return pass(wide, height, toWidth, toHeight, 4 * toWidth, 4, 4 * toWidth, 4);
}

// Along one direction: `count` samples become `toCount` in each of `lines`; steps are distances in the arrays.
function pass(samples, count, lines, toCount, step, lineStep, toStep, toLineStep) {
  if (count === toCount) return samples;
  const out = new Uint8ClampedArray(4 * lines * toCount);
  for (let at = 0; at < toCount; at++) {
    const { first, weights } = kernel(at, count, toCount);
    for (let line = 0; line < lines; line++) {
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * samples[line * lineStep + (first + k) * step + c];
        out[line * toLineStep + at * toStep + c] = sum;
      }
    }
  }
  return out;
}

// The samples that the one at place `at` is made of, and how much of each.
function kernel(at, count, toCount) {
  const scale = count / toCount;
  const wider = Math.max(1, scale);
  const centre = (at + 0.5) * scale;
  const first = Math.max(0, Math.floor(centre - 2 * wider + 0.5));
  const end = Math.min(count, Math.floor(centre + 2 * wider + 0.5));
  const weights = [];
  for (let k = first; k < end; k++) weights.push(cubic((k - centre + 0.5) / wider));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: weights.map((weight) => weight / sum) };
}

function cubic(x) {
  x = Math.abs(x);
  if (x < 1) return ((1.5 * x - 2.5) * x) * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
