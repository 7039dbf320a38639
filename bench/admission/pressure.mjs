// How a gate closes and opens as the pressure rises and falls, with noise: the
// points of the plot that shows that it does not swing.

import process from "node:process";
import { pathToFileURL } from "node:url";

const { Gate } = await import(pathToFileURL(process.argv[2]).href);
let pressure = 0;
const gate = new Gate({ pressure: () => pressure, aging: 0, maxWait: 0 });
const levels = [0, 1, 2];
for (const priority of levels) await gate.run(() => {}, { priority });

const points = [];
let seed = 7;
const noise = () => {
  seed = (seed * 16_807) % 2_147_483_647;
  return seed / 2_147_483_647 - 0.5;
};
let changes = 0;
let last = 3;
for (let step = 0; step <= 600; step++) {
  const at = step / 10;
  // Up and down once in a minute, with a tenth of noise.
  const wave = 0.5 - 0.5 * Math.cos(at / 60 * 2 * Math.PI);
  pressure = Math.min(1, Math.max(0, wave + 0.08 * noise()));
  let open = 0;
  for (const priority of levels) {
    await gate.run(() => open++, { priority }).catch(() => {});
  }
  if (open !== last) changes++;
  last = open;
  points.push({ at, pressure, open: open / levels.length });
}
console.log(JSON.stringify({ points, changes }));
