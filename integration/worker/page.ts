// The suite in a page of a browser.

import { run } from "./suite.ts";

const { document } = globalThis as unknown as {
  document: { readonly baseURI: string };
};

Object.assign(globalThis, {
  runSuite: () =>
    run({
      isolation: "thread",
      url: (name) => new URL(`./${name}.mjs`, document.baseURI),
      hasExitCode: false,
      hasMemoryLimit: false,
    }),
});
