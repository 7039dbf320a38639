// Medians, spreads, slopes, and how they are written.

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}

export const median = (values) => quantile(values, 0.5);

/** The slope of the straight line closest to some points. */
export function slope(points) {
  const mean = (axis) =>
    points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  let [above, below] = [0, 0];
  for (const point of points) {
    above += (point[0] - x) * (point[1] - y);
    below += (point[0] - x) ** 2;
  }
  return above / below;
}

/** A number in as many digits as it deserves. */
export function digits(value) {
  if (value === undefined || Number.isNaN(value)) return "—";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** A median with the least and the greatest. */
export function spread(values, unit = "") {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return "—";
  const middle = `${digits(median(known))}${unit}`;
  if (known.length === 1) return middle;
  return `${middle} (${digits(Math.min(...known))}–${
    digits(Math.max(...known))
  })`;
}

export function table(head, rows, right = 1) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => i < right ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
