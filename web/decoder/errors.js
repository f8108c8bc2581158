// What a reader says of a file that it refuses (clause C-16): one class of errors, and the place in the file.

export class Refused extends Error {
  // code: malformed, unsupported, truncated, check or limit; path: what of the file it belongs to, "" for the whole
  constructor(code, message, path) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

export function malformed(message) {
  throw new Refused("malformed", message);
}

export function overLimit(message) {
  throw new Refused("limit", message);
}

// Run `work`; what it refuses belongs to `path`, unless it said so itself.
export function within(path, work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused && error.path === undefined) error.path = path;
    throw error;
  }
}

// As sedic-inspect and the conformance runner have them.
export const EXIT_CODES = { malformed: 3, unsupported: 4, truncated: 5, check: 6, limit: 7 };
