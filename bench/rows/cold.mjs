import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { install } from "../../_tools/install.mjs";
import {
  pinnedVersion,
  serve,
  workerdVersion,
} from "../../_tools/web/workerd.mjs";
import { digits, median, spread, table } from "../statistics.mjs";

const EMPTY = "an empty worker";
const OURS = "a worker that starts a Ticker";

const actor = "export class Actor {}\n";
const answers = (work) =>
  `export default { fetch() { ${work} return new Response("ok"); } };\n${actor}`;

/** From the start of the process to the first answer, in milliseconds. */
async function answered(code, date) {
  const began = performance.now();
  const { url, stop } = await serve({ code, date });
  try {
    const listens = performance.now();
    const response = await fetch(url);
    const text = await response.text();
    const ended = performance.now();
    if (text !== "ok") throw new Error(`workerd answered ${text}`);
    return { all: ended - began, first: ended - listens };
  } finally {
    await stop();
  }
}

export const cold = {
  title: "Cold start in workerd",

  async measure(bench) {
    install("_tools/web", "workerd");
    const date = workerdVersion();
    if (!date) return [];
    const library = readFileSync(fileURLToPath(bench.bundle), "utf8");
    const ticks =
      "const ticker = new Ticker(60_000, () => {}); ticker.start(); ticker.stop();";
    const codes = {
      [EMPTY]: answers(""),
      [OURS]: `${library}\n${answers(ticks)}`,
    };
    const results = [];
    for (let round = 0; round < bench.size(9, 1); round++) {
      for (const [name, code] of Object.entries(codes)) {
        bench.progress(`round ${round + 1}: workerd, ${name}`);
        results.push({
          engine: "workerd",
          round,
          name,
          ...await answered(code, pinnedVersion() ?? date),
        });
      }
    }
    return results;
  },

  wrong: (results) =>
    results.filter(({ all }) => !(all > 0)).map(({ name }) => `${name}: none`),

  report(results) {
    if (results.length === 0) {
      return { text: "There is no workerd for this platform.", verdicts: [] };
    }
    const of = (name, key) =>
      results.filter((result) => result.name === name)
        .map((result) => result[key]);
    const text = table(
      ["worker", "process to first answer, ms", "first request, ms"],
      [EMPTY, OURS].map((name) => [
        name,
        spread(of(name, "all")),
        spread(of(name, "first")),
      ]),
    );
    const [ours, empty] = [OURS, EMPTY].map((name) => median(of(name, "all")));
    return {
      text: `${text}\n\nBeyond an empty worker: ${digits(ours - empty)} ms.`,
      verdicts: [],
    };
  },
};
