// A file taken apart (section 1): header, segments, extensions, check. No payload is looked into here.

import { Refused, malformed, overLimit, within } from "./errors.js";
import { MAX_SEGMENT_BYTES, readHeader } from "./header.js";

// {header, segments: [{kind, path, offset, bytes, payload}], extensions: [{type, critical, bytes}], complete}.
// `allowPrefix`: of an incomplete file the longest declared prefix that it has, unchecked, `complete` false (C-14).
export function readContainer(file, allowPrefix = false) {
  if (file.length > MAX_FILE_BYTES) throw new Refused("limit", `a file of ${file.length} bytes`, "");
  const header = readHeader(file);
  const fault = faultOfWhole(file, header);
  if (fault) {
    const held = allowPrefix ? declaredPrefix(file, header) : [];
    if (!held.length || fault.code === "malformed") throw fault;
    return { header, segments: held, extensions: [], complete: false };
  }
  const { segments, end } = cutSegments(file, header, file.length - CHECK_BYTES);
  for (const { bytes, path } of segments) {
    if (bytes > MAX_SEGMENT_BYTES) throw new Refused("limit", `a segment of ${bytes} bytes`, path);
  }
  const extensions = header.extended ? readExtensions(file.subarray(0, -CHECK_BYTES), end) : [];
  return { header, segments, extensions, complete: true };
}

// CRC-16/GENIBUS (C-12).
export function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let k = 0; k < 8; k++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc ^ 0xffff;
}

// What is wrong with the file as a whole, in the order of C-16; undefined where nothing is.
function faultOfWhole(file, header) {
  const known = header.lengths.reduce((sum, length) => sum + length, header.bytes);
  if (known + CHECK_BYTES > file.length) return new Refused("truncated", "the file ends before its content does", "");
  const [high, low] = file.subarray(-CHECK_BYTES);
  if (crc16(file.subarray(0, -CHECK_BYTES)) !== 256 * high + low) {
    return new Refused("check", "the file was changed or cut: its check does not hold", "");
  }
  return header.wrong.length ? new Refused("malformed", header.wrong.join("; "), "header") : undefined;
}

function cutSegments(file, header, contentEnd) {
  let offset = header.bytes;
  const segments = header.kinds.map((kind, i) => {
    const bytes = i < header.lengths.length ? header.lengths[i] : contentEnd - offset;
    const payload = file.subarray(offset, offset + bytes);
    offset += bytes;
    return { kind, path: pathOf(kind, i), offset: offset - bytes, bytes, payload };
  });
  return { segments, end: offset };
}

function pathOf(kind, i) {
  return ["z", "y", "text"][i] || `objects[${(i - 3) >> 1}].${kind === "mask" ? "mask" : "text"}`;
}

// The segments up to the last stage that the header's lengths tell the end of, and that the file holds (C-14).
function declaredPrefix(file, header) {
  const { segments } = cutSegments(file, header, file.length);
  const whole = segments.slice(0, header.lengths.length).filter((s) => s.offset + s.bytes <= file.length).length;
  if (whole < 2) return [];
  return segments.slice(0, whole < 4 ? whole : 3 + 2 * Math.floor((whole - 3) / 2));
}

function readExtensions(content, at) { // C-10
  const found = [];
  do {
    within(`extensions[${found.length}]`, () => {
      const last = found.length ? found[found.length - 1].type : 0;
      const extension = readExtension(content, at, last);
      found.push({ type: extension.type, critical: false, bytes: extension.bytes });
      at = extension.end;
    });
  } while (at < content.length);
  return found;
}

function readExtension(content, at, lastType) {
  if (at >= content.length) malformed("an extension is announced and missing");
  const critical = content[at] >> 7;
  const type = content[at] & 127;
  if (type <= lastType) malformed("types of extensions must rise from 1");
  const [bytes, begin] = readLength(content, at + 1);
  if (begin + bytes > content.length) malformed("an extension ends behind the content");
  if (critical) throw new Refused("unsupported", `the critical extension ${type} is not known`);
  return { type, bytes, end: begin + bytes };
}

function readLength(content, at) { // C-11
  let length = 0;
  for (let k = 0; ; k++) {
    if (at >= content.length) malformed("an extension's length is cut");
    const byte = content[at++];
    length += (byte & 127) * 2 ** (7 * k);
    if (k === 2 && byte > 127) overLimit("a length of more than three bytes");
    if (byte > 127) continue;
    if (k && !byte) malformed("a length is not in its shortest form");
    if (length > MAX_SEGMENT_BYTES) overLimit(`an extension of ${length} bytes`);
    return [length, at];
  }
}

const MAX_FILE_BYTES = 4194304; // C-1
const CHECK_BYTES = 2;
