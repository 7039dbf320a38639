/** Writes lines as bytes: without a string for each, of which there are many. */

const encoder = /* @__PURE__ */ new TextEncoder();

// Room for what is written after it was asked whether there is enough.
const SLACK = 16_384;

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
    this.#at +=
      encoder.encodeInto(value, this.#bytes.subarray(this.#at)).written;
  }

  /** What lies between two places of others. */
  copy(from: Uint8Array, start: number, end: number): void {
    this.#room(end - start);
    const bytes = this.#bytes;
    let at = this.#at;
    // In a loop, as these are short.
    for (let index = start; index < end; index++) bytes[at++] = from[index]!;
    this.#at = at;
  }

  /** A number, and the end of the line. */
  number(value: number): void {
    this.#room(32);
    if (value >= 0 && value < 1e9 && Number.isInteger(value)) {
      const bytes = this.#bytes;
      let rest = value | 0;
      let digits = 1;
      for (let most = 10; rest >= most; most *= 10) digits++;
      for (let at = this.#at + digits - 1; at >= this.#at; at--) {
        const next = (rest / 10) | 0;
        bytes[at] = 48 + rest - 10 * next;
        rest = next;
      }
      this.#at += digits;
    } else this.text(String(value).replace("Infinity", "Inf"));
    this.#bytes[this.#at++] = 10;
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
