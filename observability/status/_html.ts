/** The page: everything that is shown is escaped here, and nowhere else. */

import { script } from "./_script.ts";
import { style } from "./_style.ts";

const ESCAPES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as HTML shows it, in an element or a quoted attribute. */
export function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (each) => ESCAPES[each]!);
}

// A slot is an attribute or, for `t`, the text of an element. The places of the
// values are those of the slots in the order of the document.
const ROW =
  `<tr data-k="?"><td><span data-s="class=?"><span aria-hidden="true" \
data-s="t">?</span> <b data-s="t">?</b></span></td>\
<th scope="row"><span data-s="t">?</span> <small data-s="t">?</small></th>\
<td data-l="up for" data-s="t">?</td>\
<td data-l="next run" data-s="t">?</td>\
<td data-l="ticks" class="n" data-s="t">?</td>\
<td data-l="failed" data-s="class=?"><span data-s="t">?</span></td>\
<td data-l="missed" class="n" data-s="t">?</td>\
<td data-l="took" data-s="class=?"><svg data-s="class=?" viewBox="0 0 120 16" width="120" height="16" \
aria-hidden="true"><path data-s="d=?"/><path class="f" data-s="d=?"/></svg>\
<small data-s="t">?</small></td>\
<td data-l="restarts" class="n" data-s="t">?</td>\
<td><details data-s="class=?"><summary><small data-s="t">?</small> \
<span data-s="t">?</span></summary>\
<pre data-s="t">?</pre></details></td></tr>`;

const parts = ROW.replaceAll(/data-s="(\w+)=\?"/g, '$1="?" data-s="$1"')
  .split("?");

/** A row, with its key and what its slots hold. */
export function rowHtml(key: string, slots: readonly string[]): string {
  let html = parts[0]! + escaped(key) + parts[1]!;
  for (let index = 0; index < slots.length; index++) {
    html += escaped(slots[index]!) + parts[index + 2]!;
  }
  return html;
}

const EMPTY = rowHtml("", new Array<string>(parts.length - 2).fill(""));

const TITLES = [
  "state",
  "runner",
  "up for",
  "next run",
  "ticks",
  "failed",
  "missed",
  "how long ticks took",
  "restarts",
  "last error (UTC)",
];

/** The page with its rows. */
export function pageHtml(
  title: string,
  head: readonly string[],
  rows: readonly string[],
): string {
  const [tab, icon, colour, summary, health, checks, more, asOf] = head.map(
    escaped,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title data-h="t">${tab}</title>
<link rel="icon" href="${icon}" data-h="href">
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p><b class="${colour}" data-h="class"><span data-h="t">${summary}</span></b>
<span data-h="t">${health}</span>
<span id="as-of" role="status" data-h="t" data-i="7">${asOf}</span></p>
<pre data-h="t" data-i="5">${checks}</pre>
</header>
<main>
<table>
<thead><tr>${
    TITLES.map((each) => `<th scope="col">${each}</th>`).join("")
  }</tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table>
<p data-h="t" data-i="6">${more}</p>
</main>
<template><table><tbody>${EMPTY}</tbody></table></template>
<script>${script}</script>
</body>
</html>
`;
}
