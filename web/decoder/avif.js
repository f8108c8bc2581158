// A picture of model av1 as an AVIF file, which browsers show.

// The whole .avif file (Uint8Array) of the frame in y, of a latent of that size.
export function wrapAvif(frame, width, height) {
  const content = [...obu(1, sequenceHeader(width, height)), ...obu(6, frame)];
  const type = box("ftyp", [...ascii("avif"), 0, 0, 0, 0, ...ascii("avifmif1miaf")]);
  const metaBytes = meta(0, content.length, width, height).length; // which does not depend on the place
  const place = type.length + metaBytes + 8;
  return Uint8Array.from([...type, ...meta(place, content.length, width, height), ...box("mdat", content)]);
}

export function sequenceHeader(width, height) {
  const [w, h] = [width - 1, height - 1];
  const [n, m] = [w, h].map((side) => side.toString(2).length);
  const bits = [
    [1, 3], [1, 1], [1, 1], [31, 5], [n - 1, 4], [m - 1, 4], [w, n], [h, m],
    [0, 1], [1, 1], [1, 1], [0, 1], [0, 1], [0, 1], [0, 1], [1, 1], [1, 8], [13, 8], [6, 8], [1, 1], [0, 1], [0, 1], [1, 1],
  ].map(([value, count]) => value.toString(2).padStart(count, "0")).join("");
  return bits.match(/.{1,8}/g).map((eight) => parseInt(eight.padEnd(8, "0"), 2));
}

function obu(type, content) {
  const size = [];
  let rest = content.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) size.push((rest & 127) | 128); // leb128
  return [(type << 3) | 2, ...size, rest, ...content];
}

function meta(place, length, width, height) {
  const properties = [
    ...full("ispe", [...u32(width), ...u32(height)]),
    ...full("pixi", [3, 8, 8, 8]),
    ...box("av1C", [0x81, 0x3f, 0, 0]), // profile 1, level 31, 4:4:4
    ...box("colr", [...ascii("nclx"), 0, 1, 0, 13, 0, 6, 0x80]),
  ];
  return full("meta", [
    ...full("hdlr", [0, 0, 0, 0, ...ascii("pict"), ...new Array(13).fill(0)]),
    ...full("pitm", [0, 1]),
    ...full("iloc", [0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1, ...u32(place), ...u32(length)]),
    ...full("iinf", [0, 1, ...full("infe", [0, 1, 0, 0, ...ascii("av01"), 0], 2)]),
    ...box("iprp", [...box("ipco", properties), ...full("ipma", [0, 0, 0, 1, 0, 1, 4, 1, 2, 0x83, 4])]),
  ]);
}

const ascii = (text) => Array.from(text, (c) => c.charCodeAt(0));
const u32 = (value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
const box = (name, content) => [...u32(8 + content.length), ...ascii(name), ...content];
const full = (name, content, version = 0) => box(name, [version, 0, 0, 0, ...content]);
