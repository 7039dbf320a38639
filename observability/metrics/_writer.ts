/** Writes lines as bytes: without a string for each, of which there are many. */

const encoder = /* @__PURE__ */ new TextEncoder();

// Room for what is written after it was asked whether there is enough.
const SLACK = 16_384;
// No number is longer than so many characters.
const LONGEST_NUMBER = 32;

/** Bytes that grow. */
export class Writer {
  #bytes: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size + SLACK);
  }

  get length(): number {
    return this.#at;
  }

  /** Makes room for so many bytes more. */
  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * (this.#at + count));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  text(value: string): void {
    // At most three bytes for each unit of a string.
    this.#room(3 * value.length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        const { written } = encoder.encodeInto(value, bytes.subarray(at));
        this.#at += written;
        return;
      }
      bytes[at + index] = code;
    }
    this.#at += value.length;
  }

  /** A line: three pieces, the second a part of `labels`, and a number. */
  line(
    open: Uint8Array,
    labels: Uint8Array,
    from: number,
    to: number,
    end: Uint8Array,
    value: number,
  ): void {
    this.#room(open.length + to - from + end.length + LONGEST_NUMBER);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes.set(open, at);
    at += open.length;
    // In a loop, as it is short, and an array of its own would be an object.
    for (let index = from; index < to; index++) bytes[at++] = labels[index]!;
    bytes.set(end, at);
    at += end.length;
    if (value >= 0 && value < 1e9 && value === (value | 0)) {
      let digits = 1;
      for (let most = 10; value >= most; most *= 10) digits++;
      let rest = value | 0;
      for (let last = at + digits - 1; last > at; last--) {
        const next = (rest / 10) | 0;
        bytes[last] = 48 + rest - 10 * next;
        rest = next;
      }
      bytes[at] = 48 + rest;
      at += digits;
    } else {
      const shown = String(value).replace("Infinity", "Inf");
      for (let index = 0; index < shown.length; index++) {
        bytes[at++] = shown.charCodeAt(index);
      }
    }
    bytes[at++] = 10;
    this.#at = at;
  }

  /** What was written, and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#at) as Uint8Array<ArrayBuffer>;
    this.#at = 0;
    return taken;
  }

  /** All that was written, where it is. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }
}
