// The suite in Vercel's edge runtime, which is a context within Node.

import { createRequire } from "node:module";
import { bundleSuite } from "./bundle.mjs";

const require = createRequire(import.meta.url);

/** Inside, the runtime tells no version. */
function pinnedVersion() {
  return require("./package.json").devDependencies["edge-runtime"];
}

export function vercelVersion() {
  try {
    return require("edge-runtime/package.json").version;
  } catch {
    return undefined;
  }
}

const entry = `
addEventListener("fetch", (event) => {
  event.respondWith(runSuite().then((result) => Response.json(result)));
});
`;

export async function vercelSuite(job) {
  const { EdgeRuntime } = require("edge-runtime");
  const initialCode = await bundleSuite({
    ...job,
    expected: "edge-runtime",
    format: "iife",
    entry,
  });
  const runtime = new EdgeRuntime({ initialCode });
  const response = await runtime.dispatchFetch("http://localhost/");
  const result = await response.json();
  return { version: pinnedVersion(), result, output: "" };
}
