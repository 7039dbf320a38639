// The suite in a page of a browser of this machine.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { install } from "../../_tools/install.mjs";
import { findBrowser } from "../../_tools/web/browsers.mjs";

// Shared memory, which one of the cases blocks on, wants these.
const isolated = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

export async function runInBrowser(id, folder) {
  install("_tools/web", "what drives browsers");
  const { binary, version, hint } = findBrowser(id);
  if (!binary) {
    const isNeeded = Boolean(process.env.CI);
    const text = `${hint}\n0 passed, ${isNeeded ? 1 : 0} failed`;
    return { label: `${id}: not installed`, text };
  }
  const { default: puppeteer } = await import(
    new URL(
      "../../_tools/web/node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js",
      import.meta.url,
    ).href
  );
  const server = createServer((request, response) => {
    const name = request.url.slice(1).split("?")[0];
    const file = join(folder, name);
    if (name === "") {
      response.writeHead(200, { "content-type": "text/html", ...isolated });
      response.end(
        "<!doctype html><title>suite</title><script type=module src=page.mjs></script>",
      );
    } else if (/^[a-z_]+\.mjs$/.test(name) && existsSync(file)) {
      response.writeHead(200, {
        "content-type": "text/javascript",
        ...isolated,
      });
      response.end(readFileSync(file));
    } else {
      response.writeHead(404, isolated);
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const isFirefox = id === "firefox";
  const browser = await puppeteer.launch({
    browser: isFirefox ? "firefox" : "chrome",
    args: isFirefox ? [] : [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    executablePath: binary,
    headless: true,
    protocolTimeout: 300_000,
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction(() => globalThis.runSuite, { timeout: 60_000 });
    const { passed, failed } = await tab.evaluate(() => globalThis.runSuite());
    const text = failed.map((each) => `FAILED  ${each}\n`).join("") +
      `${passed.length} passed, ${failed.length} failed`;
    return { label: `${id} ${version}`, text };
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
