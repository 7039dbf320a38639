// The suite on Node, in one process: `node --import tsx _tools/node_suite.mjs FILES`.
// `node --test` starts a process for each file, and most of its time goes there.

import { after, before, it } from "node:test";
import process from "node:process";
import { pathToFileURL } from "node:url";

// The first test waits until all files are loaded: loading is slow, and must not
// happen under the fake clock of a test.
let loaded;
const loading = new Promise((resolve) => loaded = resolve);
before(() => loading);

// Some tests wait for what keeps no process alive, as AbortSignal.timeout does.
const alive = setInterval(() => {}, 60_000);
after(() => clearInterval(alive));

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file));
  } catch (error) {
    it(file, () => {
      throw error;
    });
  }
}
loaded();
