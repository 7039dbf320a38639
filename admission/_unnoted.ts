/**
 * Which runs are under way that were not noted in an async context, and so whose
 * inner runs cannot be told from others.
 *
 * A run need not be noted while the largest that any run has wanted would find room
 * beside it: what is inside it then fits, once those that came later have ended.
 * That holds no more for a run that wants more than any before.
 */
export class Unnoted {
  #generation = 0;
  /** Those since the last run that wanted more than any before it. */
  #young = 0;
  #old = 0;

  /** @returns what to end it with. */
  begin(): number {
    this.#young++;
    return this.#generation;
  }

  end(generation: number): void {
    if (generation === this.#generation) this.#young--;
    else this.#old--;
  }

  /** A run wants more than any before. */
  learn(): void {
    this.#generation++;
    this.#old += this.#young;
    this.#young = 0;
  }

  /** Whether a larger run may be inside one that is not noted. */
  get isDoubtful(): boolean {
    return this.#old > 0;
  }
}
