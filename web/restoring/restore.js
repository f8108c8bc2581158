// Restoring with the bundled network: Algorithm 1 with one step a stage, as `sedic-unpack` does it without options.
//
//     for each object d:   latent = the network's picture from noise, shown the latent so far, told Text_d; kept inside
//                          the object's mask
//     the whole:           the same of the reference with Text_all, kept where no object is; then the reference's
//                          colours
//
// `network` has the two graphs: words(numbers) -> text embeddings, picture({z, control, text, level, rows,
// columns}).

import { keepColours } from "./colour.js";
import { noise } from "./noise.js";
import { decode, encode, maskOnPatches, planesOf, samplesOf, PATCH } from "./patches.js";
import { numbersOfWords } from "./vocabulary.js";

// Samples R, G, B, A of the restored picture. `reference`: those of the reference picture at the picture's size;
// `progress(share)` is told the share of the stages that are done.
export async function restore(reference, { width, height, seed }, { texts, masks }, network, progress = () => {}) {
  const planes = planesOf(reference, width, height);
  const [rows, columns] = [planes.height / PATCH, planes.width / PATCH];
  const objects = texts.objects.map((text, d) => ({ text, mask: masks[d] }));
  const kept = objectsWithin(width * height, objects).filter(({ mask }) => mask.cells.some((cell) => cell));
  const text = await network.words(kept.map((object) => object.text).concat(texts.overall).map(numbersOfWords));
  const z = noise(seed, 0, planes.values.length);
  const shown = (control, stage) => network.picture({ z, control, text: text[stage], level: NOISIEST, rows, columns });

  const sketch = encode(planes);
  let latent = sketch;
  const covered = new Uint8Array(rows * columns);
  for (const [stage, { mask }] of kept.entries()) {
    progress(stage / (kept.length + 1));
    const inside = maskOnPatches(mask, { width, height }, planes);
    inside.forEach((yes, place) => yes && (covered[place] = 1));
    const made = await shown(latent, stage);
    latent = latent.map((value, i) => (inside[i % inside.length] ? made[i] : value)); // equation 4
  }
  progress(kept.length / (kept.length + 1));
  const whole = await shown(sketch, kept.length);
  latent = latent.map((value, i) => (covered[i % covered.length] ? value : whole[i]));
  const restored = decode(latent, planes.width, planes.height);
  keepColours(restored, planes);
  return samplesOf(restored, width, height);
}

// As many objects as keep pixels x stages within the profile full (section 7).
function objectsWithin(pixels, objects) {
  return objects.slice(0, Math.max(0, Math.floor(MOST_RESTORED / pixels) - 1));
}

const MOST_RESTORED = 4194304;
// alpha_bar of the last of 1000 levels of the cosine schedule
const NOISIEST = Math.max(Math.cos((Math.PI / 2) * (1000 / 1001)) ** 2, 1e-5);
