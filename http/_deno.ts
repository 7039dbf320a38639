/** `Deno.serve`: the only thing that cuts its connections is the signal. */

import { Timer } from "../_internal/timer.ts";
import { checked, handlerOf, type Handling, withClose } from "./_handler.ts";
import { pause } from "./_pause.ts";
import { type DenoInfo, denoServe } from "./_runtime.ts";
import type { Left, Listening, Place } from "./_types.ts";

/** The requests that began in the same part of the server's life. */
interface Era {
  open: number;
  emptied?: () => void;
}

/** What a handler gets; to ask who is there costs something. */
class Info {
  readonly draining: AbortSignal;
  readonly #info: DenoInfo;
  /** Whether the connection stays after the answer. */
  isKept = true;

  constructor(draining: AbortSignal, info: DenoInfo) {
    this.draining = draining;
    this.#info = info;
  }

  get remoteAddr(): unknown {
    return this.#info.remoteAddr;
  }
}

/** Listens with `Deno.serve`. */
export function listenDeno(place: Place, handling: Handling): Listening {
  const { draining } = handling;
  const life = new AbortController();
  const timer = new Timer();
  let phase: "serving" | "announced" | "shut" = "serving";
  let era: Era = { open: 0 };
  let open = 0;
  // When an answer that had not said `connection: close` was last finished.
  let lastAnswer = -Infinity;

  const handle = handlerOf(handling, (response, info) => {
    if (phase === "serving") return checked(response);
    (info as Info).isKept = false;
    return withClose(checked(response));
  });
  const server = denoServe({
    port: place.port,
    ...(place.hostname !== undefined && { hostname: place.hostname }),
    ...place.tls,
    signal: life.signal,
    onListen() {},
  }, (request, info) => {
    const own = era;
    const passed = new Info(draining, info);
    own.open++;
    open++;
    const ended = () => {
      if (passed.isKept) lastAnswer = performance.now();
      open--;
      if (--own.open === 0) own.emptied?.();
    };
    info.completed.then(ended, ended);
    return handle(request, passed);
  });
  const broken = server.finished.then(() => {
    throw new Error("The server was closed by somebody else");
  });
  broken.catch(() => {});

  return {
    port: server.addr.port,
    broken,
    announce() {
      phase = "announced";
    },
    // The listener would close the idle connections as well.
    async shut() {},
    async leave(linger, drained) {
      phase = "announced";
      // The listener closes with the idle connections, so they have their time
      // before. What has begun is waited for: a shutdown that has begun can no longer
      // be cut short.
      const old = era;
      era = { open: 0 };
      if (old.open > 0) {
        await new Promise<void>((emptied) => old.emptied = emptied);
      }
      await pause(lastAnswer + linger - performance.now(), timer);
      await drained;
      phase = "shut";
      await server.shutdown();
    },
    cut(): Left {
      timer.disarm();
      // After a shutdown it would end the program with an error nobody can catch.
      if (phase !== "shut") life.abort();
      return { requests: open, upgraded: 0, idle: 0 };
    },
  };
}
