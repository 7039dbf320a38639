// Writes docs/options.md: each exported interface whose name ends in "Options", as
// `deno doc` has it. Where the page was not up to date it is written anew and the
// exit code is 1, so that `npm run check` notices.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { environment, findDeno, root } from "./engines.mjs";

const PAGE = "docs/options.md";
const { exports, name: packageName } = JSON.parse(
  readFileSync(join(root, "deno.json"), "utf8"),
);
const modules = Object.entries(exports).map(([path, file]) => ({
  name: join(packageName, path).replaceAll("\\", "/"),
  folder: /^\.\/(.*\/)?/.exec(file)[1] ?? "",
  options: [],
}));

function deno(values, input) {
  const { status, stdout, stderr } = spawnSync(findDeno(), values, {
    cwd: root,
    env: environment(),
    encoding: "utf8",
    input,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`deno ${values[0]}: ${stderr}`);
  return stdout;
}

/** The text of a member of an interface, from where it begins to its semicolon. */
function textAt({ filename, byteIndex }) {
  const text = readFileSync(fileURLToPath(filename)).subarray(byteIndex)
    .toString("utf8");
  let depth = 0;
  let end = 0;
  for (; end < text.length; end++) {
    if ("({[".includes(text[end])) depth++;
    if (")}]".includes(text[end])) depth--;
    if (depth < 0 || (depth === 0 && text[end] === ";")) break;
  }
  return text.slice(0, end).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")
    .replace(/\s+/g, " ").trim();
}

/** The type of a member, as it was written. */
function typeOf(member) {
  const text = textAt(member.location).replace(/^readonly /, "");
  const type = /^\w+\s*\??\s*:\s*([\s\S]*)$/.exec(text)?.[1] ?? text;
  return type.replace(/ \| undefined$/, "").replace(/^\| /, "");
}

function prose(text = "") {
  return text.trim()
    .replace(/\{@link(?:code|plain)? ([^}\s|]+)[^}]*\}/g, "`$1`")
    .replace(/\s+/g, " ").replaceAll("|", "\\|");
}

function rowOf(member) {
  const tags = member.jsDoc?.tags ?? [];
  const text = tags.map(({ value, doc }) => value ?? doc)
    .find((each) => each?.startsWith("@default")) ?? "";
  const given = text.replace("@default", "").trim();
  const code = /^[`]|\s/.test(given) || given === "" ? given : `\`${given}\``;
  const type = `\`${typeOf(member).replaceAll("|", "\\|")}\``;
  const needed = member.optional ? "" : "**required.** ";
  return `| \`${member.name}\` | ${type} | ${prose(code)} | ${needed}${
    prose(member.jsDoc?.doc)
  } |`;
}

function section({ name, doc, extended, members }) {
  const heading = `### ${name}\n\n${prose(doc)}`;
  const base = extended.length === 0
    ? ""
    : `\n\nAlso those of ${
      extended.map((each) => {
        const known = /\w+Options/.exec(each)?.[0];
        const code = `\`${each.replaceAll("|", "\\|")}\``;
        return known ? `[${code}](#${known.toLowerCase()})` : code;
      }).join(", ")
    }.`;
  const rows = members.length === 0 ? "" : `\n
| option | type | default | what |
| --- | --- | --- | --- |
${members.map(rowOf).join("\n")}`;
  return `${heading}${base}${rows}\n`;
}

const { nodes } = JSON.parse(
  deno(["doc", "--json", "--quiet", ...Object.values(exports)]),
);
const seen = new Set();
for (const { symbols } of Object.values(nodes)) {
  for (const { name, declarations } of symbols) {
    for (const { kind, def, jsDoc, location } of declarations) {
      const file = fileURLToPath(location.filename).slice(root.length)
        .replaceAll("\\", "/");
      if (kind !== "interface" || !name.endsWith("Options")) continue;
      if (seen.has(`${file} ${name}`)) continue;
      seen.add(`${file} ${name}`);
      const owner = modules.filter(({ folder }) => file.startsWith(folder))
        .sort((a, b) => b.folder.length - a.folder.length)[0];
      owner.options.push({
        name,
        doc: jsDoc?.doc,
        extended: (def.extends ?? []).map(typeText),
        members: [...(def.properties ?? []), ...(def.methods ?? [])],
      });
    }
  }
}

/** A type that an interface extends: names, and texts in quotes. */
function typeText({ repr, kind, value }) {
  if (kind === "literal") return JSON.stringify(repr);
  const parameters = value?.typeParams?.map(typeText).join(", ");
  const text = repr || value.map(typeText).join(" | ");
  return parameters ? `${text}<${parameters}>` : text;
}

const text = deno(
  ["fmt", "--ext=md", "-"],
  [
    "# Options",
    "",
    "Each bag of options, by module. This page is written by `npm run docs` from",
    "the types, and `npm run check` looks whether it is up to date. Times are in",
    "milliseconds. Unknown options are named on standard error; one that looks like",
    "a known one is a `TypeError`.",
    "",
    ...modules.filter(({ options }) => options.length > 0).flatMap((each) => [
      `## ${each.name}`,
      "",
      ...each.options.sort((a, b) => a.name < b.name ? -1 : 1).map(section),
    ]),
  ].join("\n"),
);
const file = join(root, PAGE);
if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
  writeFileSync(file, text);
  console.log(`${PAGE} was not up to date: it is now; commit it.`);
  process.exitCode = 1;
}
