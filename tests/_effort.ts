/** How much a test does. */

const host = globalThis as {
  GOLIB_RUNNER_THOROUGH?: unknown;
  process?: { env?: Record<string, string | undefined> };
};

/** Whether this is `npm run test:all`, which may take its time. */
export const isThorough = Boolean(
  host.GOLIB_RUNNER_THOROUGH ?? host.process?.env?.["GOLIB_RUNNER_THOROUGH"],
);

/** `quick` in `npm test`, which everybody waits for, `thorough` elsewhere. */
export function effort(quick: number, thorough: number): number {
  return isThorough ? thorough : quick;
}
