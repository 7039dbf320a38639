/** Where a server listens, in words. */

import { peek } from "../_internal/errors.ts";
import { Timer } from "../_internal/timer.ts";
import type { Place } from "./_types.ts";

/** How long a port of one's own may still be held, in ms, and how often it is tried. */
const HELD = 1_000;
const AGAIN = 50;

const WILDCARDS = ["", "0.0.0.0", "::", "[::]"];

/** The URL by which a program on the same machine reaches a place. */
export function urlOf(
  protocol: string,
  { hostname = "" }: Place,
  port: number,
): URL {
  const host = WILDCARDS.includes(hostname)
    ? "localhost"
    : hostname.includes(":") && hostname[0] !== "["
    ? `[${hostname}]`
    : hostname;
  return new URL(`${protocol}//${host}:${port}/`);
}

function isInUse(error: unknown): boolean {
  return peek(error, "code") === "EADDRINUSE" ||
    peek(error, "name") === "AddrInUse";
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = new Timer();
    const end = () => {
      timer.disarm();
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end);
    timer.arm(ms, end);
  });
}

/**
 * Listens, and says where that failed. A port that this server has held before may
 * be held for a moment after that.
 */
export async function listenAt<T>(
  name: string,
  place: Place,
  heldBefore: number | undefined,
  signal: AbortSignal,
  listen: () => T | Promise<T>,
): Promise<T> {
  const until = performance.now() + HELD;
  for (;;) {
    try {
      return await listen();
    } catch (error) {
      if (!isInUse(error)) throw error;
      const { hostname = "0.0.0.0", port } = place;
      if (
        port === heldBefore && !signal.aborted && performance.now() < until
      ) {
        await wait(AGAIN, signal);
        continue;
      }
      const at = hostname.includes(":")
        ? `[${hostname}]:${port}`
        : `${hostname}:${port}`;
      throw Object.assign(
        new Error(`Cannot start "${name}": ${at} is in use`, { cause: error }),
        { code: "EADDRINUSE", address: hostname, port },
      );
    }
  }
}
