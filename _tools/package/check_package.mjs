// The package as its users get it, in fresh projects: `npm run test:package`.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { environment, findEngines, root } from "../engines.mjs";
import { install } from "../install.mjs";
import { pack } from "../pack.mjs";
import { save } from "../results.mjs";
import { printTable } from "../table.mjs";
import { bundled, esm, imported, required } from "./programs.mjs";

install("_tools/lint", "the linters and the compiler");
install("_tools/package", "what looks at packages");
install("_tools/web", "what drives workerd, Vercel's runtime and the browsers");
const { findBrowser, withPage } = await import("../web/browsers.mjs");
const { serve, workerdVersion } = await import("../web/workerd.mjs");

const temporary = mkdtempSync(join(tmpdir(), "runner-package-"));
const engines = findEngines().filter(({ binary }) => binary);
const deno = engines.find(({ id }) => id === "deno");
const tarball = join(temporary, "package.tgz");

/** Runs something, and returns what it said; throws unless it ends well. */
function run(cwd, binary, ...values) {
  const { status, stdout, stderr, error } = spawnSync(binary, values, {
    cwd,
    encoding: "utf8",
    env: environment(),
    timeout: 2 * 60_000,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${binary} ${values.join(" ")}\n${stdout}${stderr}${error ?? ""}`,
  );
}

function npm(cwd, ...values) {
  const path = process.env.npm_execpath;
  return path
    ? run(cwd, process.execPath, path, ...values)
    : run(cwd, "npm", ...values);
}

let projects = 0;

/** A fresh project with files in it, and nothing else. */
function fresh(files, type = "module") {
  const folder = join(temporary, `project-${++projects}`);
  mkdirSync(folder);
  const own = { name: "fresh", version: "1.0.0", type };
  write(folder, { "package.json": JSON.stringify(own), ...files });
  return folder;
}

/** The same with the package, as npm installs it. */
function project(files, type) {
  const folder = fresh(files, type);
  npm(folder, "install", "--offline", "--no-audit", "--no-fund", tarball);
  return folder;
}

function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
  }
}

function assertUsed(said) {
  if (!said.includes("used")) throw new Error(`it said: ${said}`);
}

const rows = [];
let failed = 0;

/** One line of the table. */
async function form(name, version, body) {
  try {
    await body();
    rows.push([name, version, "works"]);
  } catch (error) {
    failed++;
    rows.push([name, version, "FAILED"]);
    console.log(`FAILED: ${name} (${version})\n${error.message}\n`);
  }
}

/** In the check of a commit nothing may be missing. */
function missing(name, hint) {
  console.log(`${name}: not installed; ${hint}`);
  if (!process.env.CI) return;
  failed++;
  rows.push([name, "-", "FAILED: not installed"]);
}

const here = "not on this platform";
for (const { id, binary } of findEngines()) if (!binary) missing(id, here);
if (!deno) process.exit(1);
pack(tarball);

const module = project({ "use.mjs": esm, "use.ts": esm });
await form("nothing else is installed", "npm", () => {
  const { packages } = JSON.parse(
    readFileSync(join(module, "package-lock.json"), "utf8"),
  );
  const names = Object.keys(packages).filter(Boolean);
  if (names.length !== 1) throw new Error(`it needs ${names.join(", ")}`);
});
const common = project(
  { "use.cjs": imported, "need.cjs": required },
  "commonjs",
);
for (const { id, kind, binary, version } of engines) {
  if (kind !== "node") continue;
  const of = `Node ${version}`;
  await form("ES module", of, () => assertUsed(run(module, binary, "use.mjs")));
  await form(
    "CommonJS, import()",
    of,
    () => assertUsed(run(common, binary, "use.cjs")),
  );
  await form(
    "CommonJS, require()",
    of,
    () => assertUsed(run(common, binary, "need.cjs")),
  );
  if (id === "node20") continue;
  await form(
    "TypeScript as it stands",
    of,
    () => assertUsed(run(module, binary, "use.ts")),
  );
}

const packages = "_tools/package/node_modules";
const compilers = {
  5.2: `${packages}/typescript52`,
  5.9: `${packages}/typescript59`,
  "6.0": `${packages}/typescript60`,
  current: "_tools/lint/node_modules/typescript",
};
// Each is all that is needed, with the library's own types checked as well: the
// declarations bring `esnext.disposable` themselves.
const settings = {
  "lib es2022 + @types/node": { lib: ["es2022"], types: ["node"] },
  "lib es2022 + dom, bundler": {
    lib: ["es2022", "dom"],
    types: [],
    resolution: "bundler",
  },
  // As many older programs have it; TypeScript 6 and later do not.
  "lib es2022 + dom, node10": {
    lib: ["es2022", "dom"],
    types: [],
    resolution: "node10",
  },
  "lib es2022 + webworker": { lib: ["es2022", "webworker"], types: [] },
  "lib es2022 + dom": { lib: ["es2022", "dom"], types: [] },
};
const typed = project({
  "use.ts": esm.replace('console.log("used");', "export {};"),
  "misuse.ts": readFileSync(join(root, "tests/types/misuse.ts"), "utf8"),
});
for (const name of ["@types/node", "undici-types"]) {
  const from = join(root, "node_modules", name);
  cpSync(from, join(typed, "node_modules", name), { recursive: true });
}
for (const compiler of Object.values(compilers)) {
  const folder = join(root, compiler);
  const { version } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  for (const [name, setting] of Object.entries(settings)) {
    const { lib, types, resolution = "nodenext" } = setting;
    if (resolution === "node10" && !version.startsWith("5.")) continue;
    // The types of Node of today need a newer one.
    if (version.startsWith("5.2") && types.length > 0) continue;
    await form(`types, ${name}`, `TypeScript ${version}`, () => {
      const compilerOptions = {
        exactOptionalPropertyTypes: true,
        lib,
        module: resolution === "nodenext" ? resolution : "esnext",
        moduleResolution: resolution,
        noUncheckedIndexedAccess: true,
        outDir: "out",
        strict: true,
        target: "es2022",
        types,
      };
      const files = ["use.ts", "misuse.ts"];
      write(typed, {
        "tsconfig.json": JSON.stringify({ compilerOptions, files }),
      });
      run(typed, process.execPath, join(folder, "bin/tsc"), "--project", ".");
      run(typed, process.execPath, "out/use.js");
    });
  }
}

for (const { kind, binary, version } of engines) {
  if (kind === "bun") {
    await form("ES module and TypeScript, by bun add", `Bun ${version}`, () => {
      const folder = fresh({ "use.mjs": esm, "use.ts": esm });
      run(folder, binary, "add", tarball);
      assertUsed(run(folder, binary, "use.mjs"));
      assertUsed(run(folder, binary, "use.ts"));
    });
  }
  if (kind === "deno") {
    await form("npm package", `Deno ${version}`, () => {
      assertUsed(run(module, binary, "run", "--check", "use.ts"));
    });
    await form("a clone, by its deno.json", `Deno ${version}`, () => {
      const folder = fresh({ "use.mjs": esm });
      const config = join(root, "deno.json");
      assertUsed(run(folder, binary, "run", "--config", config, "use.mjs"));
    });
  }
}

const page = project({ "use.ts": bundled });
const bundle = async (contents, format) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: page },
    bundle: true,
    external: ["node:*"],
    format,
    minify: true,
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return outputFiles[0].text;
};
for (const id of ["chromium", "firefox"]) {
  const found = findBrowser(id);
  if (!found.binary) {
    missing(id, found.hint);
    continue;
  }
  const script = await bundle(
    `import { use } from "./use.ts"; globalThis.use = use;`,
    "iife",
  );
  const job = { binary: found.binary, script, limit: 60_000 };
  await form("bundle in a page", `${id} ${found.version}`, async () => {
    assertUsed(
      await withPage(id, job, (tab) => tab.evaluate(() => globalThis.use())),
    );
  });
  await form("bundle in a Worker", `${id} ${found.version}`, async () => {
    assertUsed(await withPage(id, job, (tab) => tab.evaluate(inWorker)));
  });
}

/** Sent to the page: the same script in a worker of its own. */
async function inWorker() {
  const script = await (await fetch("suite.js")).text();
  const end = ";use().then(postMessage, (error) => postMessage(String(error)))";
  const url = URL.createObjectURL(new Blob([script, end]));
  return await new Promise((resolve, reject) => {
    const worker = new Worker(url);
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

const date = workerdVersion();
if (!date) missing("workerd", here);
else {
  await form("bundle in a Cloudflare Worker", `workerd ${date}`, async () => {
    const code = await bundle(
      `import { use } from "./use.ts";
      export class Actor {}
      export default { fetch: async () => new Response(await use()) };`,
      "esm",
    );
    const server = await serve({ code, date });
    try {
      assertUsed(await (await fetch(server.url)).text());
    } finally {
      await server.stop();
    }
  });
}

const inside = join(module, "node_modules/@golib/runner");
const versionOf = (name) =>
  JSON.parse(
    readFileSync(join(root, packages, name, "package.json"), "utf8"),
  ).version;
await form("publint, strict", versionOf("publint"), async () => {
  const { publint } = await import("publint");
  const { messages } = await publint({
    pkgDir: inside,
    pack: false,
    strict: true,
  });
  if (messages.length > 0) throw new Error(JSON.stringify(messages, null, 2));
});
await form(
  "attw, ES modules alone",
  versionOf("@arethetypeswrong/cli"),
  () =>
    run(
      root,
      process.execPath,
      join(root, packages, "@arethetypeswrong/cli/dist/index.js"),
      tarball,
      "--profile",
      "esm-only",
    ),
);
await form("no source maps, no paths of this machine", "-", () => {
  const wrong = readdirSync(inside, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) =>
      file.endsWith(".map") || /file:\/\/|sourceMappingURL/.test(
        readFileSync(file, "utf8"),
      )
    );
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
});

rmSync(temporary, { recursive: true, force: true });
const header = ["form", "version", "result"];
printTable(header, rows, 3);
const passed = rows.length - failed;
save("package", { header, rows, passed, failed });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
