/** The names of objects, which are small letters and digits, and their labels. */

import { StoreError } from "../errors.ts";
import type { LeaseObject } from "./client.ts";

const KEY = "golib-runner/key";
const VALUE = "golib-runner/value";
const PART = "golib-runner/part";
const KIND = "golib-runner/kind";

// The longest name that an object can have.
const LONGEST = 253;

export class Names {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Every other character as `x` and its code, `x` too, so that none are alike. */
  of(key: string): string {
    const plain = key.replace(
      /[^a-wyz0-9]/g,
      (each) => `x${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
    const name = `${this.#prefix}-${plain}`;
    if (name.length <= LONGEST) return name;
    const why = `its name has ${name.length} characters, of ${LONGEST}`;
    throw new StoreError("refused", `Cannot name a Lease for "${key}": ${why}`);
  }

  metadata(key: string, value: string): LeaseObject["metadata"] {
    const [part, kind] = key.split("/");
    return {
      name: this.of(key),
      labels: { [PART]: `${this.#prefix}-${part}`, [KIND]: kind! },
      annotations: { [KEY]: key, [VALUE]: value },
    };
  }

  selector(prefix: string): string {
    const [part, kind] = prefix.split("/");
    const selector = `${PART}=${this.#prefix}-${part}`;
    return kind ? `${selector},${KIND}=${kind}` : selector;
  }

  keyOf({ metadata }: LeaseObject): string | undefined {
    return metadata.annotations?.[KEY];
  }

  valueOf({ metadata }: LeaseObject): string {
    return metadata.annotations?.[VALUE] ?? "";
  }
}
