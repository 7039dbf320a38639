// The same routes for every server: an answer at once and a slow one, an upload, a
// stream that ends, and one of events that ends when the server drains.

import { Readable } from "node:stream";

const PARTS = 8;
const PAUSE = 25;
const encoder = new TextEncoder();

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The parts of the stream. */
export async function* parts() {
  for (let part = 0; part < PARTS; part++) {
    yield `part ${part}\n`;
    await sleep(PAUSE);
  }
  yield "end\n";
}

/** Events until the server drains. */
export async function* events(draining) {
  while (!draining.aborted) {
    yield "data: tick\n\n";
    await sleep(PAUSE);
  }
  yield "data: end\n\n";
}

/** The listener of a server of Node's kind without a framework. */
export function plain(draining) {
  return async (
    request,
    response,
  ) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    switch (pathname) {
      case "/slow":
        await sleep(Number(searchParams.get("ms")));
        response.end("own");
        break;
      case "/upload": {
        let bytes = 0;
        for await (const chunk of request) {
          bytes += chunk.length;
        }
        response.end(`own ${bytes}`);
        break;
      }
      case "/early":
        // Answers before it has read the upload.
        response.statusCode = 413;
        response.end("own");
        break;
      case "/stream":
        Readable.from(parts()).pipe(response);
        break;
      case "/events":
        response.setHeader("content-type", "text/event-stream");
        Readable.from(events(draining)).pipe(response);
        break;
      default:
        response.end("own");
    }
  };
}

export function streamOf(source) {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await source.return(undefined);
    },
  });
}

/** The same as a handler for `fetch`. */
export function handler(draining) {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/slow":
        await sleep(Number(searchParams.get("ms")));
        return new Response("own");
      case "/upload":
        return new Response(`own ${(await request.arrayBuffer()).byteLength}`);
      case "/early":
        return new Response("own", { status: 413 });
      case "/stream":
        return new Response(streamOf(parts()));
      case "/events":
        return new Response(streamOf(events(draining)), {
          headers: { "content-type": "text/event-stream" },
        });
      default:
        return new Response("own");
    }
  };
}
