// The lines of the table for the engines that have no test runner.

import { install } from "../install.mjs";
import { nodeLine } from "../native_lines.mjs";

export const webIds = [
  "workerd",
  "workerd-do",
  "vercel-edge",
  "chromium",
  "firefox",
];

/** What is said of Cloudflare's platform rather than of the library alone. */
export const edgeId = "edge";

/** Those that are asked for, by id; installs what drives them. */
export async function webLines(ids, temporary) {
  if (ids.length === 0) return [];
  install(
    "_tools/web",
    "what drives workerd, Vercel's runtime and the browsers",
  );
  // Only now is there what these import.
  const { workerdVersion } = await import("./workerd.mjs");
  const { workerdSuite } = await import("./workerd_suite.mjs");
  const { vercelSuite, vercelVersion } = await import("./vercel_suite.mjs");
  const { browserSuite, findBrowser } = await import("./browsers.mjs");

  const workerd = (path) => {
    const version = workerdVersion();
    return { version, suite: workerdSuite(version, path) };
  };
  const browser = (id) => {
    const found = findBrowser(id);
    return { ...found, suite: found.binary && browserSuite(id, found) };
  };
  const makers = {
    workerd: () => workerd("/"),
    "workerd-do": () => workerd("/actor"),
    "vercel-edge": () => ({ version: vercelVersion(), suite: vercelSuite }),
    chromium: () => browser("chromium"),
    firefox: () => browser("firefox"),
  };
  return ids.map((id) => {
    if (id === edgeId) {
      const file = "_tools/web/edge_checks.mjs";
      return nodeLine(id, workerdVersion(), file, temporary);
    }
    const { version, suite, hint } = makers[id]();
    return {
      label: id,
      version,
      hint,
      run: version && ((job) => runWeb(suite, version, job)),
    };
  });
}

/** `expected` is what the engine says; the suite has a second witness of it. */
async function runWeb(suite, expected, job) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`did not end within ${job.limit / 1000} s`)),
      job.limit,
    );
  });
  try {
    const { version, result, output } = await Promise.race([suite(job), late]);
    const failures = result.failures.map(({ name, message, stack }) => ({
      name,
      message,
      detail: stack,
    }));
    if (version !== expected) {
      failures.push({
        name: "the version",
        message: `is ${version} where ${expected} was expected`,
        detail: "",
      });
    }
    if (failures.length === 0 && result.passed === 0) {
      failures.push({
        name: "the whole run",
        message: `no test has '${job.filter}' in its name`,
        detail: "",
      });
    }
    return {
      passed: result.passed,
      skipped: result.skipped,
      failures,
      remarks: [],
      output: failures.length > 0 ? output : "",
    };
  } catch (error) {
    return {
      passed: 0,
      skipped: [],
      failures: [{
        name: "the whole run",
        message: "ended early",
        detail: String(error.stack ?? error),
      }],
      remarks: [],
      output: "",
    };
  } finally {
    clearTimeout(timer);
  }
}
