// The plots of docs/admission.md, by Observable Plot: SVG that reads on light and on
// dark. They are drawn from what `npm run bench:admission` prints with `--save`.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { install } from "../../_tools/install.mjs";

install("bench", "what draws plots");
const require = createRequire(new URL("../package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

const STYLE = `
  svg { color: #1f2328; font: 12px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3; } }
`;

async function save(path, title, options) {
  const Plot = await load("@observablehq/plot");
  const { parseHTML } = await load("linkedom");
  const { document } = parseHTML("<html><body></body></html>");
  const plot = Plot.plot({
    document,
    width: 800,
    height: 300,
    marginLeft: 60,
    style: { background: "none", overflow: "visible" },
    ariaLabel: title,
    ...options(Plot),
  });
  const svg = plot.outerHTML
    .replace(/<svg /, `<svg xmlns="http://www.w3.org/2000/svg" `)
    .replace(/(<svg [^>]*)xmlns="[^"]*"([^>]*xmlns="http)/, "$1$2")
    .replace(/^(<svg [^>]*>)/, `$1<style>${STYLE}</style>`);
  writeFileSync(path, `${svg}\n`);
}

/** How long the highest priority takes under load, by gate and engine. */
export function plotOverload(path, rows) {
  return save(path, "p99 of the highest priority under 4 × load, in ms", (
    Plot,
  ) => ({
    fx: { label: null, domain: [...new Set(rows.map(({ gate }) => gate))] },
    x: { axis: null },
    y: { type: "log", label: "p99 of the highest priority, ms", grid: true },
    color: { legend: false, scheme: "tableau10" },
    marks: [
      Plot.barY(rows, {
        fx: "gate",
        x: "engine",
        y1: 1,
        y2: "p99",
        fill: "engine",
      }),
      Plot.text(rows, {
        fx: "gate",
        x: "engine",
        y: "p99",
        dy: -6,
        text: ({ engine }) => engine,
        fill: "currentColor",
        fontSize: 9,
      }),
    ],
  }));
}

/** Pressure, and the lowest priority that is let in, over time. */
export function plotPressure(path, points) {
  return save(path, "Pressure, and how many levels are open", (Plot) => ({
    x: { label: "seconds" },
    y: { label: "pressure (line), levels open of three (steps)", grid: true },
    marks: [
      Plot.lineY(points, { x: "at", y: "pressure", stroke: "#228be6" }),
      Plot.lineY(points, {
        x: "at",
        y: "open",
        stroke: "#d9480f",
        curve: "step-after",
      }),
    ],
  }));
}
