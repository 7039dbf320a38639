/** Handlers of `fetch`'s kind on Node's servers. */

import { recoveryCaller } from "../_internal/recovery.ts";
import { checked, handlerOf, type Handling } from "./_handler.ts";
import type { Incoming, Outgoing } from "./_types.ts";

function left(): DOMException {
  return new DOMException("The client has left", "AbortError");
}

/** The body of a request, read as fast as it is wanted. */
function bodyOf(
  incoming: Incoming,
  outgoing: Outgoing,
): ReadableStream<Uint8Array> {
  let phase: "untouched" | "read" | "over" = "untouched";
  // What nobody wants is read all the same, or no other request could follow.
  const discard = () => {
    if (phase === "read") incoming.resume();
    phase = "over";
  };
  const listen = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    incoming.on("data", (chunk: Uint8Array) => {
      if (phase !== "read") return;
      controller.enqueue(new Uint8Array(chunk));
      incoming.pause();
    });
    incoming.on("end", () => {
      if (phase === "read") controller.close();
      phase = "over";
    });
    const fail = () => {
      if (phase !== "read") return;
      phase = "over";
      controller.error(left());
    };
    incoming.on("error", fail);
    incoming.on("close", fail);
    outgoing.on("close", discard);
  };
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (phase === "over") return controller.error(left());
      if (phase === "untouched") listen(controller);
      phase = "read";
      incoming.resume();
    },
    cancel: discard,
  }, { highWaterMark: 0 });
}

function requestOf(
  incoming: Incoming,
  outgoing: Outgoing,
  protocol: string,
): Request {
  const { method = "GET", rawHeaders, url = "/" } = incoming;
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    // Those of HTTP/2 that are no headers.
    if (name[0] !== ":") headers.append(name, rawHeaders[index + 1]!);
  }
  const host = headers.get("host") ?? incoming.headers[":authority"] ??
    "localhost";
  const hasBody = method !== "GET" && method !== "HEAD";
  const request = new Request(
    url[0] === "/" ? `${protocol}//${host}${url}` : url,
    {
      method,
      headers,
      ...(hasBody && { body: bodyOf(incoming, outgoing), duplex: "half" }),
    },
  );
  // Few handlers ask for the signal, and it costs more than all the rest.
  let life: AbortController | undefined;
  Object.defineProperty(request, "signal", {
    get() {
      if (!life) {
        const own = life = new AbortController();
        const leave = () => {
          if (!outgoing.writableFinished) {
            own.abort(left());
          }
        };
        if (outgoing.destroyed) leave();
        else outgoing.on("close", leave);
      }
      return life.signal;
    },
  });
  return request;
}

/** Whether a promise settles without anything else that has to come. */
async function isAtHand(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => void (settled = true);
  promise.then(settle, settle);
  for (let turn = 0; turn < 4 && !settled; turn++) await undefined;
  return settled;
}

/** Sends a body as it comes, as fast as the client takes it. */
async function send(
  body: ReadableStream<Uint8Array>,
  outgoing: Outgoing,
): Promise<void> {
  const reader = body.getReader();
  let proceed: (() => void) | undefined;
  const goOn = () => proceed?.();
  const leave = () => {
    if (!outgoing.writableFinished) {
      reader.cancel(left()).catch(() => {});
    }
    goOn();
  };
  outgoing.on("drain", goOn);
  outgoing.on("close", leave);
  if (outgoing.destroyed) leave();
  let part = await reader.read();
  while (!part.done) {
    const next = reader.read();
    // Sent in one piece, with its length, where there is but one.
    if (!outgoing.headersSent && await isAtHand(next) && (await next).done) {
      return void outgoing.end(part.value);
    }
    if (!outgoing.write(part.value) && !outgoing.destroyed) {
      await new Promise<void>((resolve) => proceed = resolve);
    }
    part = await next;
  }
  outgoing.end();
}

async function respond(response: Response, outgoing: Outgoing, method: string) {
  outgoing.statusCode = response.status;
  if (response.statusText) outgoing.statusMessage = response.statusText;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (response.body && method !== "HEAD") {
    await send(response.body, outgoing);
  } else {
    await response.body?.cancel();
    outgoing.end();
  }
}

/** What a handler must give: nothing of its body was read, as by an answer before. */
function fresh(response: Response): Response {
  if (!checked(response).bodyUsed) return response;
  throw new TypeError("The body of the Response was used before: make another");
}

/** The listener of a server that answers by a handler. */
export function listenerOf(
  handling: Handling,
  protocol: string,
): (incoming: Incoming, outgoing: Outgoing) => void {
  const { draining, name } = handling;
  const handle = handlerOf(handling, fresh);
  const reply = async (incoming: Incoming, outgoing: Outgoing) => {
    let request: Request;
    try {
      request = requestOf(incoming, outgoing, protocol);
    } catch {
      // A host or a path that is none.
      outgoing.statusCode = 400;
      return void outgoing.end();
    }
    try {
      const response = await handle(request, { draining, incoming, outgoing });
      await respond(response, outgoing, request.method);
    } catch (error) {
      // What the client got is not the whole, and it has to learn of that.
      if (name !== undefined && !outgoing.destroyed) {
        recoveryCaller(name, error);
      }
      outgoing.destroy();
    }
  };
  return (incoming, outgoing) => void reply(incoming, outgoing);
}
