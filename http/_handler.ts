/** A handler, and what becomes of its answers and failures. */

import { isCleanAbort } from "../_internal/errors.ts";
import { recoveryCaller } from "../_internal/recovery.ts";

/** Answers a request; `info` is what the handler gets beside it. */
export type Handler = (
  request: Request,
  info: never,
) => Response | Promise<Response>;

/** What a server does with a handler. */
export interface Handling {
  readonly fetch: Handler;
  readonly draining: AbortSignal;
  /** Where failures are printed under; nowhere without. */
  readonly name: string | undefined;
}

/** The same answer, with `connection: close`. */
export function withClose(response: Response): Response {
  try {
    response.headers.set("connection", "close");
    return response;
  } catch {
    // The headers of redirects, and of what `fetch` gave, cannot be changed.
    const { status, statusText } = response;
    const headers = new Headers(response.headers);
    headers.set("connection", "close");
    return new Response(response.body, { status, statusText, headers });
  }
}

/** Whether it is to be awaited: also the promises of other libraries. */
function isPromise(
  value: Response | Promise<Response>,
): value is Promise<Response> {
  return value instanceof Promise ||
    typeof (value as { then?: unknown } | undefined)?.then === "function";
}

/** The handler with what every answer goes through; a failure is a 500. */
export function handlerOf(
  { fetch, name }: Handling,
  finish: (
    response: Response,
    info: object,
    request: Request,
  ) => Response | Promise<Response>,
): (request: Request, info: object) => Response | Promise<Response> {
  const failed = (error: unknown, request: Request, info: object) => {
    if (name !== undefined && !isCleanAbort(error, request.signal)) {
      recoveryCaller(name, error);
    }
    const response = new Response("Internal Server Error", { status: 500 });
    return finish(response, info, request);
  };
  return (request, info) => {
    try {
      const response = fetch(request, info as never);
      return isPromise(response)
        ? Promise.resolve(response)
          .then((value) => finish(value, info, request))
          .catch((error) => failed(error, request, info))
        : finish(response, info, request);
    } catch (error) {
      return failed(error, request, info);
    }
  };
}

/** What a handler must give. */
export function checked(response: Response): Response {
  // By shape: frameworks bring classes of their own.
  if (
    typeof (response as unknown as Response | undefined)?.status === "number"
  ) {
    return response;
  }
  throw new TypeError("The handler gave no Response");
}
