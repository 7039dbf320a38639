/** `Bun.serve`. */

import { Timer } from "../_internal/timer.ts";
import { checked, handlerOf, type Handling, withClose } from "./_handler.ts";
import { pause } from "./_pause.ts";
import { bunServe } from "./_runtime.ts";
import type { Listening, Place } from "./_types.ts";

/** How often Bun is asked what is in flight, in ms: it has no event for it. */
const ASK = 10;

/**
 * How long a body may hold the listener open, in ms: those of new requests look the
 * same, and may never end.
 */
const LONGEST_BODY = 1_000;

/** How long the rest of an upload is read that has been answered, in ms, at most. */
const READ_ON = 500;

/**
 * Reads what a handler has left of an upload. Bun ends the connection with an answer
 * that says `connection: close`, and a client that still sends would lose it.
 */
async function readOn(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  const timer = new Timer();
  timer.arm(READ_ON, () => void reader.cancel().catch(() => {}));
  try {
    while (!(await reader.read()).done);
  } catch {
    // The client has left.
  }
  timer.disarm();
}

/** Listens with `Bun.serve`. */
export function listenBun(
  place: Place,
  handling: Handling,
  websocket: unknown,
): Listening {
  const timer = new Timer();
  let phase: "serving" | "announced" = "serving";
  // When a handler last gave an answer that did not say `connection: close`.
  let lastAnswer = -Infinity;
  // How many handlers have yet to give theirs.
  let unanswered = 0;
  const handle = handlerOf(handling, (response, _, request) => {
    // None, where the handler has made a WebSocket of it.
    if (response !== undefined) checked(response);
    if (phase === "serving" || response === undefined) {
      unanswered--;
      lastAnswer = performance.now();
      return response;
    }
    const last = withClose(response);
    const { body, bodyUsed } = request;
    if (body === null || bodyUsed || body.locked) {
      unanswered--;
      return last;
    }
    return readOn(body).then(() => {
      unanswered--;
      return last;
    });
  });
  const info = { draining: handling.draining, server: {} };
  const server = bunServe({
    port: place.port,
    ...(place.hostname !== undefined && { hostname: place.hostname }),
    ...(place.tls && { tls: place.tls }),
    ...(websocket !== undefined && { websocket }),
    fetch(request) {
      unanswered++;
      return handle(request, info);
    },
  });
  info.server = server;

  return {
    port: server.port,
    broken: new Promise(() => {}),
    announce() {
      phase = "announced";
    },
    // The listener would close the idle connections as well.
    async shut() {},
    async leave(linger, drained) {
      phase = "announced";
      // The listener closes with the idle connections, so they have their time; also
      // those with a body under way, whose head did not say that it is the last.
      const hasBody = () => server.pendingRequests > unanswered;
      const until = performance.now() + linger + LONGEST_BODY;
      while (hasBody() && performance.now() < until) {
        await pause(ASK, timer);
        lastAnswer = performance.now();
      }
      await pause(lastAnswer + linger - performance.now(), timer);
      void server.stop();
      await drained;
      while (server.pendingRequests + server.pendingWebSockets > 0) {
        await pause(ASK, timer);
      }
      // Connections that have carried no request are out of reach.
      server.unref();
      await server.stop(true);
    },
    cut() {
      timer.disarm();
      const left = {
        requests: server.pendingRequests,
        upgraded: server.pendingWebSockets,
        idle: 0,
      };
      void server.stop(true);
      return left;
    },
  };
}
