/** The place of a tick in a gate: at most one waits, or is taken, at a time. */

import { nothing } from "../_internal/settings.ts";
import type { TickGate } from "./spec.ts";

interface Turn {
  readonly controller: AbortController;
  isInside: boolean;
  /** Gives the place back. */
  release(): void;
}

export class Place {
  readonly #gate: TickGate;
  readonly #priority: number;
  #turn: Turn | undefined;

  constructor(gate: TickGate, priority: number) {
    this.#gate = gate;
    this.#priority = priority;
  }

  /**
   * Has `enter` called once there is a place, at once where there is one; or
   * `refused`, with the gate's error.
   */
  take(enter: () => void, refused: (error: unknown) => void): void {
    const controller = new AbortController();
    const turn: Turn = { controller, isInside: false, release: nothing };
    this.#turn = turn;
    const isWaiting = () => this.#turn === turn && !turn.isInside;
    const fail = (error: unknown) => {
      if (!isWaiting()) return;
      this.#turn = undefined;
      refused(error);
    };
    const work = () => {
      // It was taken out of the queue.
      if (!isWaiting()) return undefined;
      turn.isInside = true;
      const left = new Promise<void>((resolve) => turn.release = resolve);
      enter();
      return left;
    };
    const { signal } = controller;
    // Async, so that whatever a gate does comes out at one place.
    void (async () => {
      try {
        await this.#gate.run(work, { priority: this.#priority, signal });
        fail(new Error("the gate did not call the work"));
      } catch (error) {
        fail(error);
      }
    })();
  }

  /** Gives the place back, or leaves the queue. */
  leave(reason?: unknown): void {
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn?.isInside) turn.release();
    else turn?.controller.abort(reason);
  }
}
