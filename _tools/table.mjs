/** Lines up a table for a terminal; all columns but the first `left` hold numbers. */
export function printTable(header, rows, left = 1) {
  const widths = header.map((_title, column) =>
    Math.max(...[header, ...rows].map((row) => row[column].length))
  );
  const rule = widths.map((width) => "-".repeat(width));
  for (const row of [header, rule, ...rows]) {
    console.log(
      row.map((cell, column) =>
        column < left
          ? cell.padEnd(widths[column])
          : cell.padStart(widths[column])
      ).join("  ").trimEnd(),
    );
  }
}

/** The same table in Markdown. */
export function markdownTable(header, rows, left = 1) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [
    line(header),
    line(header.map((_title, column) => column < left ? "---" : "---:")),
    ...rows.map(line),
  ].join("\n");
}
