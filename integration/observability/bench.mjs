// What being looked at costs, beside prom-client and OpenTelemetry, on Node 24, Deno
// and Bun: `npm run bench:observability [-- --quick | --smoke]`.
//
// Each figure comes from processes of its own, in turn; ratios are those of pairs.
// Nothing fails where a goal is missed: a benchmark measures, and the machine may be
// busy.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import {
  environment,
  fileCommand,
  findEngines,
  root,
} from "../../_tools/engines.mjs";
import { install } from "../../_tools/install.mjs";
import { printTable } from "../../_tools/table.mjs";

const folder = "integration/observability";
install(folder, "what looks at the runners");
install(`${folder}/sdk2`, "OpenTelemetry's SDK 2");

const isSmoke = process.argv.includes("--smoke");
const isQuick = process.argv.includes("--quick");
const rounds = isSmoke ? 1 : isQuick ? 3 : 5;
const pairs = isSmoke ? 1 : isQuick ? 5 : 11;

/** A copy of the core without the calls of the hook. */
function withoutHook() {
  const copy = mkdtempSync(join(tmpdir(), "runner-bare-"));
  process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  const names = [
    "mod.ts",
    "runner.ts",
    "tools.ts",
    "_internal",
    "start_stop",
    "ticker",
  ];
  for (const name of [...names, "package.json"]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  const cut = (file, ...patterns) => {
    const path = join(copy, file);
    let text = readFileSync(path, "utf8");
    for (const [pattern, instead] of patterns) {
      if (!pattern.test(text)) throw new Error(`${file} has no ${pattern}`);
      text = text.replace(pattern, instead);
    }
    writeFileSync(path, text);
  };
  cut("ticker/ended.ts", [/ *machine\.hook\?\.tick\?\.\([^]*?\);\n/, ""]);
  cut(
    "ticker/attempt.ts",
    [/hook\?\.around\s*\?[^]*?: run\.call/, "run.call"],
    [/ *const \{ hook \} = run\.machine;\n/, ""],
  );
  cut("ticker/tick_run.ts", [/ \|\| machine\.hook/, ""]);
  cut("_internal/machine.ts", [/ *this\.hook\?\.state[^]*?;\n/, ""]);
  return copy;
}

function figure({ kind, binary }, what, core = root) {
  const values = [what, pathToFileURL(core).href.replace(/\/$/, "")];
  const command = fileCommand(kind, `${folder}/bench_program.ts`, values);
  // Without tsx, which names each function anew whenever it is made: a package has
  // none of that.
  if (kind === "node") command.splice(0, 2, "--expose-gc");
  if (kind === "deno") command.splice(1, 0, "--v8-flags=--expose-gc");
  const { status, stdout, stderr } = spawnSync(binary, command, {
    cwd: root,
    encoding: "utf8",
    env: environment(),
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${what}: ${stdout}${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The median of ratios, and the interval in which it lies with 95 %. */
function interval(ratios) {
  const sorted = ratios.toSorted((a, b) => a - b);
  // By the order of 11: the second to the tenth.
  const out = sorted.length >= 9 ? 1 : 0;
  const shown = [sorted[out], sorted[sorted.length - 1 - out]];
  return `${middle(ratios).toFixed(3)} (${
    shown.map((each) => each.toFixed(3)).join(" to ")
  })`;
}

const bare = withoutHook();
for (const engine of findEngines(["node24", "deno", "bun"])) {
  if (!engine.binary) continue;
  const rows = [];
  const name = `${engine.kind} ${engine.version}`;
  const add = (what, goal, value) => rows.push([name, what, goal, value]);

  const ratios = [];
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 ? [root, bare] : [bare, root];
    const found = new Map(
      order.map((core) => [core, figure(engine, "unwatched", core)]),
    );
    ratios.push(found.get(root) / found.get(bare));
  }
  add("unwatched tick / the same without the hook", "≤ 1.05", interval(ratios));

  const kinds = [
    "unwatched",
    "metrics",
    "observed",
    "instrument",
    "prom-client",
    "opentelemetry",
  ];
  const times = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) times[kind].push(figure(engine, kind));
  }
  const ns = Object.fromEntries(
    kinds.map((kind) => [kind, middle(times[kind])]),
  );
  const ratio = (kind) =>
    middle(times[kind].map((each, index) => each / times.unwatched[index]));
  const goals = {
    metrics: "≤ 1.2 ×",
    observed: "≤ 2 ×",
    instrument: "≤ 2.2 ×",
  };
  for (const kind of kinds) {
    add(
      `tick, ${kind}`,
      goals[kind] ?? "-",
      `${ns[kind].toFixed(0)} ns, ${ratio(kind).toFixed(2)} ×`,
    );
  }
  const added = (kind) => ns[kind] - ns.unwatched;
  const share = added("prom-client") / Math.max(1, added("metrics"));
  add("added by prom-client / by metrics", "≥ 20 ×", `${share.toFixed(0)} ×`);

  const scrapes = [];
  for (let round = 0; round < rounds; round++) {
    const own = figure(engine, "scrape");
    const other = figure(engine, "scrape prom-client");
    const ratio = other.cpu / other.series / (own.cpu / own.series);
    scrapes.push({ own, other, ratio });
  }
  // The pair in the middle.
  const { own, other, ratio: faster } = scrapes.sort((a, b) =>
    a.ratio - b.ratio
  )[rounds >> 1];
  add(
    `scrape of ${own.series} series`,
    "-",
    `${own.cpu.toFixed(0)} ms of a core`,
  );
  add(
    `the same by prom-client, ${other.series}`,
    "-",
    `${other.cpu.toFixed(0)} ms of a core`,
  );
  add(
    "prom-client / metrics, a series",
    "≥ 15 ×",
    `${faster.toFixed(1)} ×`,
  );
  add(
    "longest stall",
    "≤ 20 ms",
    `${own.stall.toFixed(0)} ms (prom-client ${other.stall.toFixed(0)})`,
  );
  add("memory a series", "≤ 25 bytes", `${own.bytes.toFixed(0)} bytes`);

  const { livez, readyz, page } = figure(engine, "probes");
  add("/livez, 1,000 runners", "≤ 50 µs", `${livez.toFixed(0)} µs`);
  add("/readyz, 1,000 runners", "≤ 50 µs", `${readyz.toFixed(0)} µs`);
  add("status page, 1,000 runners", "≤ 10 ms", `${page.toFixed(1)} ms`);
  printTable(["engine", "what", "goal", "found"], rows);
}
