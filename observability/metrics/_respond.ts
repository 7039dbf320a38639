/** The answer to a scrape. */

import { type Authorize, says } from "../_access.ts";
import type { MetricsFormat as Format } from "./format.ts";
import { wanted } from "./_text.ts";

const TYPES: { readonly [format in Format]: string } = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

// Milliseconds after which other work has its turn.
const TURN = 8;

/** The pieces as a stream, which lets the loop turn in between. */
function streamOf(
  pieces: Iterator<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let began = performance.now();
  return new ReadableStream({
    async pull(controller) {
      if (performance.now() - began > TURN) {
        await new Promise<void>((resolve) => void setTimeout(resolve, 0));
        began = performance.now();
      }
      const { done, value } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** Answers by what the client can read. */
export async function respond(
  request: Request,
  authorize: Authorize | undefined,
  pieces: (format: Format) => Iterator<Uint8Array<ArrayBuffer>>,
): Promise<Response> {
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") {
    return new Response("Only GET and HEAD\n", {
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
  }
  if (authorize && !await says(authorize, request)) {
    return new Response("Not allowed by 'authorize'\n", { status: 403 });
  }
  const accept = headers.get("accept") ?? "";
  const open = wanted(accept, /^application\/openmetrics-text$/);
  const format = open > 0 && open >= wanted(accept, /^text\/(plain|\*)$/)
    ? "openmetrics"
    : "prometheus";
  const answer = new Headers({
    "content-type": TYPES[format],
    "cache-control": "no-store",
    vary: "accept, accept-encoding",
  });
  if (method === "HEAD") return new Response(null, { headers: answer });
  let body = streamOf(pieces(format));
  const { CompressionStream } = globalThis as Partial<typeof globalThis>;
  const encoding = headers.get("accept-encoding") ?? "";
  if (CompressionStream && wanted(encoding, /^gzip$/) > 0) {
    answer.set("content-encoding", "gzip");
    body = body.pipeThrough(new CompressionStream("gzip"));
  }
  return new Response(body, { headers: answer });
}
