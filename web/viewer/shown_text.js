// Texts of a file as a page may show them (S-3). Markup is none, since they are set as text; control characters, and
// those that turn the direction of writing, become visible.

export function shown(text) {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu, (c) =>
    c === "\n" || c === "\t" ? " " : `\\u{${c.codePointAt(0).toString(16)}}`,
  );
}
