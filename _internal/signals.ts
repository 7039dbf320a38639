/** One abort listener a signal, however many wait for it. */

import { recoveryCaller } from "./recovery.ts";

/** Something that wants to know when a signal aborts. */
export interface AbortListener {
  aborted(signal: AbortSignal): void;
}

/** Those who wait, and the listener that the signal has for them. */
type Hub = [listeners: Set<AbortListener>, handle: () => void];

const hubs = new WeakMap<AbortSignal, Hub>();

/** Tells the listener of the signal's abort, once, unless it leaves before. */
export function join(
  signal: AbortSignal | undefined,
  listener: AbortListener,
): void {
  if (!signal) return;
  let hub = hubs.get(signal);
  if (!hub) {
    const listeners = new Set<AbortListener>();
    const handle = () => {
      hubs.delete(signal);
      for (const each of listeners) each.aborted(signal);
    };
    signal.addEventListener("abort", handle, { once: true });
    hubs.set(signal, hub = [listeners, handle]);
  }
  hub[0].add(listener);
}

/** Undoes {@linkcode join}; the last to leave takes the listener away. */
export function leave(
  signal: AbortSignal | undefined,
  listener: AbortListener,
): void {
  const [listeners, handle] = hubs.get(signal!) ?? [];
  if (!listeners?.delete(listener) || listeners.size > 0) return;
  hubs.delete(signal!);
  try {
    signal!.removeEventListener("abort", handle!);
  } catch (error) {
    // Only a look-alike throws here, and the run that leaves must still end.
    recoveryCaller("removeEventListener", error);
  }
}
