/** Tells observers what happens: in order, one event to all before the next. */

import type { Observer, RunnerEvent } from "../runner.ts";
import { recoveryCaller } from "../tools.ts";

/** Tells all observers in the set of an event; what they cause comes after. */
export function teller(
  name: string,
  observers: Set<Observer>,
): (event: RunnerEvent) => void {
  const queue: (readonly [RunnerEvent, readonly Observer[]])[] = [];
  const call = async (observer: Observer, event: RunnerEvent) => {
    try {
      await observer(event);
    } catch (error) {
      recoveryCaller(`observer of ${name}`, error);
    }
  };
  return (event) => {
    if (queue.push([event, [...observers]]) > 1) return;
    for (const [event, wanted] of queue) {
      for (const each of wanted) {
        if (observers.has(each)) void call(each, event);
      }
    }
    queue.length = 0;
  };
}
