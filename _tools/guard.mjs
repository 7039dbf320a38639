// The rules of the house that no linter knows: who may import whom, and that no
// link in the documentation leads nowhere.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import process from "node:process";
import { root } from "./engines.mjs";

const core = ["mod.ts", "runner.ts", "tools.ts", "start_stop", "ticker"];
const optional = [
  "admission",
  "coordination",
  "http",
  "observability",
  "reload",
  "resource",
  "schedule",
  "shutdown",
  "supervisor",
  "testing",
  "worker",
];
const problems = [];

function filesOf(place) {
  const path = join(root, place);
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [place];
  return readdirSync(path, { recursive: true })
    .map((name) => join(place, name))
    .filter((name) => name.endsWith(".ts"));
}

function importsOf(file) {
  const text = readFileSync(join(root, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const named = /\b(import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']/g;
  // Without names, later, in the old way, or in types: they are needed as well.
  const bare = /\b(import|require)\s*\(?\s*["'`]([^"'`]+)["'`]/g;
  return [named, bare].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, verb, target]) => ({ verb, target }))
  );
}

for (const place of [...core, "_internal", ...optional]) {
  for (const file of filesOf(place)) {
    for (const { verb, target } of importsOf(file)) {
      if (!target.startsWith(".")) {
        problems.push(`${file} depends on "${target}"`);
        continue;
      }
      const path = relative(root, join(root, dirname(file), target));
      const [top] = path.split(sep);
      if (!optional.includes(place) && optional.includes(top)) {
        problems.push(`${file}, of the core, imports ${path}`);
      }
      const name = path.split(sep).at(-1);
      if (verb === "export" && name.startsWith("_")) {
        problems.push(`${file} exports what is internal: ${path}`);
      }
    }
  }
}

function anchorOf(heading) {
  return heading.trim().toLowerCase().replace(/[`*]/g, "")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

function anchorsOf(file) {
  const text = readFileSync(file, "utf8").replace(/```[\s\S]*?```/g, "");
  return [...text.matchAll(/^#+\s+(.*)$/gm)].map(([, it]) => anchorOf(it));
}

const documents = readdirSync(root).filter((name) => name.endsWith(".md"))
  .concat(
    ["docs", "bench", "examples"].flatMap((folder) =>
      existsSync(join(root, folder))
        ? readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"))
          .map((name) => join(folder, name))
        : []
    ),
  );
for (const file of documents) {
  const text = readFileSync(join(root, file), "utf8")
    .replace(/```[\s\S]*?```/g, "");
  for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)) {
    if (!link || /^[a-z]+:/.test(link)) continue;
    const [path, anchor] = link.split("#");
    const target = path ? join(root, dirname(file), path) : join(root, file);
    if (!existsSync(target)) problems.push(`${file} links to ${link}`);
    else if (anchor && !anchorsOf(target).includes(anchor)) {
      problems.push(`${file} links to ${link}, which has no such heading`);
    }
  }
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
