// The plots of RESULTS.md, by Observable Plot: SVG that reads on light and on dark.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { labels } from "./contenders.mjs";
import { digits, median } from "./statistics.mjs";
import { perTick, where } from "./rows/_common.mjs";

const { document } = parseHTML("<html><body></body></html>");

// Each is told apart on white and on black, also by those who see fewer colours.
const colours = {
  [labels.ticker]: "#d9480f",
  [labels.interval]: "#228be6",
  [labels.chain]: "#868e96",
  [labels.timer]: "#868e96",
  [labels["toad-scheduler"]]: "#9c6ade",
  [labels.effect]: "#2b9348",
  [labels.croner]: "#c2a000",
  [labels["node-cron"]]: "#c2559d",
  [labels["node-schedule"]]: "#0c9aa8",
};

const STYLE = `
  svg { color: #1f2328; font: 12px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3; } }
`;

const engineNames = { deno: "Deno", bun: "Bun", node24: "Node 24" };

function svg(title, options, contenders) {
  const plot = Plot.plot({
    document,
    width: 900,
    height: 350,
    marginLeft: 60,
    marginRight: 20,
    marginTop: 76,
    marginBottom: 45,
    ...options,
    style: { background: "none", overflow: "visible" },
    ariaLabel: title,
  });
  const names = Object.keys(colours).filter((name) => contenders.has(name));
  let x = 60;
  const legend = names.map((name) => {
    const at = x;
    x += 36 + 6.6 * name.length;
    return `<circle cx="${at + 5}" cy="36" r="5" fill="${
      colours[name]
    }"/><text x="${
      at + 14
    }" y="40" text-anchor="start" fill="currentColor">${name}</text>`;
  }).join("");
  // What Plot styles by a generated class stays; the colours are ours.
  return plot.outerHTML
    .replace(/<svg /, `<svg xmlns="http://www.w3.org/2000/svg" `)
    .replace(/(<svg [^>]*)xmlns="[^"]*"([^>]*xmlns="http)/, "$1$2")
    .replace(
      /^(<svg [^>]*>)/,
      `$1<title>${title}</title><style>${STYLE}</style>` +
        `<text x="60" y="18" text-anchor="start" fill="currentColor" font-size="15" font-weight="600">${title}</text>${legend}`,
    ) + "\n";
}

const named = (points) =>
  points.map((point) => ({ ...point, engine: engineNames[point.engine] }));
const contendersOf = (points) =>
  new Set(points.map(({ contender }) => contender));
const colour = { domain: Object.keys(colours), range: Object.values(colours) };
const facet = { label: null, domain: Object.values(engineNames) };

function growthPlot(points) {
  const data = named(points);
  const common = {
    fx: "engine",
    x: "count",
    y: "cost",
    stroke: "contender",
  };
  return svg("CPU for a tick against the number of tickers, µs", {
    color: colour,
    fx: facet,
    x: { type: "log", label: "tickers", tickFormat: "~s", ticks: 4, inset: 8 },
    y: { type: "log", label: null, grid: true, tickFormat: "~r" },
    marks: [
      Plot.line(data, { ...common, strokeWidth: 2 }),
      Plot.dot(data, { ...common, fill: "contender", r: 3 }),
    ],
  }, contendersOf(data));
}

function driftPlot(points) {
  // On a log scale there is no zero, and no tick before its time.
  const data = named(points)
    .filter(({ contender }) => contender !== labels.chain)
    .map((point) => ({ ...point, late: Math.max(point.late, 0.1) }));
  return svg("How late a 10 ms tick is against the ideal grid, ms", {
    color: colour,
    fx: facet,
    x: { label: "seconds since the start", inset: 4 },
    y: { type: "log", label: null, grid: true, tickFormat: "~r" },
    marks: [
      Plot.line(data, {
        fx: "engine",
        x: "seconds",
        y: "late",
        stroke: "contender",
        strokeWidth: 1.5,
      }),
    ],
  }, contendersOf(data));
}

function peersPlot(results) {
  const data = [];
  for (const engine of Object.keys(engineNames)) {
    const own = where(results, { engine });
    for (const contender of new Set(own.map(({ contender }) => contender))) {
      const its = where(own, { contender });
      data.push({
        engine: engineNames[engine],
        contender: labels[contender],
        cost: median(its.map((result) => perTick(result))),
      });
    }
  }
  const least = 0.05;
  return svg("CPU for a tick of one second, µs (log scale)", {
    color: colour,
    marginLeft: 120,
    fx: facet,
    x: {
      type: "log",
      label: "µs",
      grid: true,
      tickFormat: "~r",
      ticks: 4,
      // Room for the figure after the longest bar.
      insetRight: 40,
    },
    y: {
      label: null,
      domain: Object.keys(colours).filter((name) =>
        contendersOf(data).has(name)
      ),
    },
    marks: [
      Plot.barX(data, {
        fx: "engine",
        y: "contender",
        x1: least,
        x2: "cost",
        fill: "contender",
      }),
      Plot.text(data, {
        fx: "engine",
        y: "contender",
        x: "cost",
        text: ({ cost }) => digits(cost),
        textAnchor: "start",
        dx: 4,
      }),
    ],
  }, new Set());
}

/** SVG by file name, of the rows that were measured. */
export function draw({ growth, lateness, steady }, rows) {
  return {
    ...growth && {
      "growth.svg": growthPlot(rows.growth.points(growth.results)),
    },
    ...lateness && {
      "drift.svg": driftPlot(rows.lateness.points(lateness.results)),
    },
    ...steady && { "peers.svg": peersPlot(steady.results) },
  };
}
