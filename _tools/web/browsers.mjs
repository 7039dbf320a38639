// The suite in a page of a browser of this machine.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, isAbsolute, join } from "node:path";
import process from "node:process";
import { bundleSuite } from "./bundle.mjs";

const kinds = {
  chromium: {
    own: "CHROMIUM",
    commands: [
      "chromium",
      "chromium-browser",
      "google-chrome",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "C:/Program Files/Google/Chrome/Application/chrome.exe",
    ],
    hint:
      "`apt-get install chromium`, or set CHROMIUM to the path of a Chromium or Chrome",
    options: {
      browser: "chrome",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
    expected: (major) => `Chrome/${major}`,
  },
  firefox: {
    own: "FIREFOX",
    commands: [
      "firefox-esr",
      "firefox",
      "/Applications/Firefox.app/Contents/MacOS/firefox",
      "C:/Program Files/Mozilla Firefox/firefox.exe",
    ],
    hint:
      "`apt-get install firefox-esr`, or set FIREFOX to the path of a Firefox",
    options: { browser: "firefox" },
    expected: (major) => `Firefox/${major}`,
  },
};

function pathsOf(command) {
  return isAbsolute(command)
    ? [command]
    : (process.env.PATH ?? "").split(delimiter).map((folder) =>
      join(folder, command)
    );
}

/** `{ binary, version }` of a browser, or `{ hint }` that says how to get one. */
export function findBrowser(id) {
  const { own, commands, hint } = kinds[id];
  const candidates = [process.env[own], ...commands].filter(Boolean)
    .flatMap(pathsOf).filter((path) => existsSync(path));
  for (const binary of candidates) {
    const { status, stdout } = spawnSync(binary, ["--version"], {
      encoding: "utf8",
      timeout: 20_000,
    });
    const version = /\d+(\.\d+)+/.exec(stdout ?? "")?.[0];
    if (status === 0 && version) return { binary, version };
  }
  return { hint };
}

/** Serves the page from this machine: some of the web wants a secure context. */
async function servePage(script) {
  const server = createServer((request, response) => {
    const isScript = request.url === "/suite.js";
    response.writeHead(200, {
      "content-type": `text/${isScript ? "javascript" : "html"}; charset=utf-8`,
    });
    response.end(
      isScript
        ? script
        : "<!doctype html><title>suite</title><script src=suite.js></script>",
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Opens a page with a script in it; what `body` is given ends with it. */
export async function withPage(id, { binary, script, limit }, body) {
  const { default: puppeteer } = await import("puppeteer-core");
  const page = await servePage(script);
  const browser = await puppeteer.launch({
    ...kinds[id].options,
    executablePath: binary,
    headless: true,
    protocolTimeout: limit,
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(page.url);
    return await body(tab, await browser.version());
  } finally {
    await browser.close();
    page.close();
  }
}

export function browserSuite(id, { binary, version }) {
  return async (job) => {
    const script = await bundleSuite({
      ...job,
      expected: kinds[id].expected(version.split(".")[0]),
      format: "iife",
      entry: "globalThis.runSuite = runSuite;",
    });
    return await withPage(
      id,
      { binary, script, limit: job.limit },
      async (tab, said) => ({
        // The page itself is told no more than the first number.
        version: /\d+(\.\d+)+/.exec(said)?.[0],
        result: await tab.evaluate(() => globalThis.runSuite()),
        output: "",
      }),
    );
  };
}
