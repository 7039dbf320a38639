/** The pages that are open, each told what has changed on it. */

import { recoveryCaller } from "../../_internal/recovery.ts";

/** What is shown: what stands above, and the rows by their keys, in order. */
export interface Frame {
  readonly head: readonly string[];
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

const EVERY = 1_000;
// A server such as Bun's cuts a stream that is silent for ten seconds.
const SILENCE = 4_000;

/** What differs, slot by slot; `null` where nothing does. */
function changed(
  slots: readonly string[],
  before: readonly string[] | undefined,
): (string | null)[] | undefined {
  if (!before) return [...slots];
  if (slots.every((each, index) => each === before[index])) return undefined;
  return slots.map((each, index) => each === before[index] ? null : each);
}

/** One open page. */
class Page {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #shown: Frame | undefined;
  #order = "";
  #toldAt = 0;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller;
    this.#send("retry: 2000\n\n");
  }

  /** Tells what has changed, unless the client is behind. */
  show(frame: Frame, now: number): void {
    if ((this.#controller.desiredSize ?? 0) <= 0) return;
    const rows: Record<string, (string | null)[]> = {};
    let isNew = false;
    for (const [key, slots] of frame.rows) {
      const found = changed(slots, this.#shown?.rows.get(key));
      if (!found) continue;
      rows[key] = found;
      isNew = true;
    }
    const order = [...frame.rows.keys()];
    const joined = JSON.stringify(order);
    isNew ||= joined !== this.#order;
    // Only the time has changed.
    isNew ||= frame.head.slice(0, -1).join() !==
      this.#shown?.head.slice(0, -1).join();
    if (!isNew && now - this.#toldAt < SILENCE) return;
    this.#toldAt = now;
    this.#shown = frame;
    this.#order = joined;
    const data = JSON.stringify({ head: frame.head, order, rows });
    this.#send(
      isNew ? `data: ${data}\n\n` : `: still here\n\ndata: ${data}\n\n`,
    );
  }

  end(): void {
    try {
      this.#controller.close();
    } catch {
      // The client was faster.
    }
  }

  #send(text: string): void {
    try {
      this.#controller.enqueue(this.#encoder.encode(text));
    } catch {
      // The client has left.
    }
  }
}

/** All open pages; there is a timer while there is one. */
export class Hub {
  readonly #most: number;
  readonly #look: () => Promise<Frame>;
  readonly #pages = new Set<Page>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it was printed that a look has failed. */
  #isSaid = false;

  constructor(most: number, look: () => Promise<Frame>) {
    this.#most = most;
    this.#look = look;
  }

  /** A stream for one more page; `undefined` where there are too many. */
  open(): ReadableStream<Uint8Array> | undefined {
    if (this.#pages.size >= this.#most) return undefined;
    let page: Page;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        page = new Page(controller);
        this.#pages.add(page);
        clearTimeout(this.#timer);
        void this.#show();
      },
      cancel: () => {
        this.#pages.delete(page);
        if (!this.#pages.size) clearTimeout(this.#timer);
      },
    }, { highWaterMark: 16 });
  }

  /** Ends all streams, for a server that waits for them. */
  close(): void {
    clearTimeout(this.#timer);
    for (const page of this.#pages) page.end();
    this.#pages.clear();
  }

  /** Shows all pages how it is, and again after a second. */
  async #show(): Promise<void> {
    try {
      const frame = await this.#look();
      const now = performance.now();
      for (const page of this.#pages) page.show(frame, now);
    } catch (error) {
      // A runner of others may throw: once it does no more, the pages go on.
      if (!this.#isSaid) recoveryCaller("status page", error);
      this.#isSaid = true;
    }
    clearTimeout(this.#timer);
    if (!this.#pages.size) return;
    this.#timer = setTimeout(() => void this.#show(), EVERY);
  }
}
