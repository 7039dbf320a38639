// Writes into docs/tested.md what the last whole runs came to: `npm run tables`.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { findDeno, root } from "./engines.mjs";
import { load } from "./results.mjs";
import { markdownTable } from "./table.mjs";

const commands = {
  engines: "npm run test:all",
  package: "npm run test:package",
  clocks: "npm run test:clocks",
  size: "npm run size",
};
const results = {};
for (const [name, command] of Object.entries(commands)) {
  results[name] = load(name);
  if (results[name]) continue;
  console.error(`There is no result of '${command}' yet: run that first.`);
  process.exitCode = 1;
}

/** The versions that each thing was seen to work with, in one line. */
function grouped({ rows }) {
  const groups = new Map();
  for (const [name, version, result] of rows) {
    const key = `${name}\n${result}`;
    groups.set(key, [...(groups.get(key) ?? []), version]);
  }
  return [...groups].map(([key, versions]) => {
    const [name, result] = key.split("\n");
    return [name, shortened(versions), result];
  });
}

/** "Node 20.1, 22.3" rather than "Node 20.1, Node 22.3". */
function shortened(versions) {
  let before = "";
  return versions.map((each) => {
    const [first, ...rest] = each.split(" ");
    const text = rest.length > 0 && first === before ? rest.join(" ") : each;
    before = first;
    return text;
  }).join(", ");
}

function makers() {
  const { engines, package: forms, clocks, size } = results;
  const thousands = (text) =>
    /^\d{4,}$/.test(text) ? Number(text).toLocaleString("en") : text;
  return {
    engines: () =>
      markdownTable(
        engines.header.slice(0, 5),
        engines.rows.map((row) => row.slice(0, 5).map(thousands)),
        2,
      ),
    package: () =>
      markdownTable(["form", "seen with", "result"], grouped(forms), 3),
    clocks: () => markdownTable(clocks.header, grouped(clocks), 3),
    size: () =>
      markdownTable(size.header, size.rows.map((row) => row.map(thousands))),
  };
}

if (!process.exitCode) {
  const file = join(root, "docs/tested.md");
  let text = readFileSync(file, "utf8");
  for (const [name, make] of Object.entries(makers())) {
    const begin = `<!-- table:${name} -->`;
    const end = `<!-- /table:${name} -->`;
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) {
      throw new Error(`docs/tested.md has no ${begin}`);
    }
    const kept = text.slice(0, from + begin.length);
    text = `${kept}\n\n${make()}\n\n${text.slice(to)}`;
  }
  writeFileSync(file, text);
  spawnSync(findDeno(), ["fmt", "--quiet", file], { cwd: root });
  console.log("docs/tested.md has the tables.");
}
