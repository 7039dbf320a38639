/** Whether a supervisor is going to start a runner that is down. */

const listeners = new WeakMap<object, (isKept: boolean) => void>();

/** Has a runner hear whether a supervisor keeps it up. */
export function onKept(
  runner: object,
  listener: (isKept: boolean) => void,
): void {
  listeners.set(runner, listener);
}

/** Says that a supervisor starts a runner whenever it is down, or no longer does. */
export function keep(runner: object, isKept: boolean): void {
  listeners.get(runner)?.(isKept);
}
