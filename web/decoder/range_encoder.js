// The range encoder that belongs to L-2 and L-5. A reader needs it to see that a payload is a writer's (T-2, M-4).

export class RangeEncoder {
  constructor(low = 0, range = 2 ** 32 - 1) {
    this.out = [];
    this.low = low;
    this.range = range;
  }

  put(from, to, total) {
    const r = Math.floor(this.range / total);
    this.narrow(r * from, r * (to - from));
  }

  narrow(from, range) {
    this.low += from;
    this.range = range;
    if (this.low >= 2 ** 32) {
      this.low -= 2 ** 32;
      carry(this.out, this.out.length - 1);
    }
    while (this.range < 2 ** 24) {
      this.out.push(Math.floor(this.low / 2 ** 24));
      this.low = (this.low % 2 ** 24) * 256;
      this.range *= 256;
    }
  }

  // The least of the numbers in [low, low + range) that need the fewest bytes, without zero bytes at the end (L-5).
  end() {
    const digits = [...this.out, ...[3, 2, 1, 0].map((k) => Math.floor(this.low / 256 ** k) % 256)];
    for (let kept = 0; kept <= digits.length; kept++) {
      const missing = this.missing(digits, kept);
      const number = digits.slice(0, kept);
      if (missing >= this.range || (missing && !carry(number, kept - 1))) continue;
      while (number.length && !number[number.length - 1]) number.pop();
      return Uint8Array.from(number);
    }
    throw new Error("an interval holds a number of all its bytes");
  }

  // What low lacks to the next number of `kept` bytes; Infinity where that is more than any range.
  missing(digits, kept) {
    const dropped = digits.length - kept;
    if (dropped <= 5) {
      const rest = digits.slice(kept).reduce((sum, digit) => 256 * sum + digit, 0);
      return rest ? 256 ** dropped - rest : 0;
    }
    const middle = digits.slice(kept, -4);
    if (this.low && middle.every((digit) => digit === 255)) return 2 ** 32 - this.low;
    return !this.low && middle.every((digit) => !digit) ? 0 : Infinity;
  }
}

// Add one to the number that ends at digit `at`; whether there was room.
function carry(digits, at) {
  while (at >= 0 && digits[at] === 255) digits[at--] = 0;
  if (at < 0) return false;
  digits[at]++;
  return true;
}
