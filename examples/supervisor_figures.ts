/**
 * What the defaults of a supervisor come to: how long an outage is survived, and
 * how soon a child that cannot be cured ends its supervisor.
 *
 * Each wait is a random whole number of milliseconds below a bound that doubles up
 * to a cap. The sum of the waits is computed from the distribution of each, to the
 * millisecond, and not by trying.
 *
 *     deno run examples/supervisor_figures.ts
 *     node --import tsx examples/supervisor_figures.ts
 */

const restarts = 22;
const initial = 100;
const factor = 2;
const max = 15_000;

/** The bound of the wait after so many failures in a row. */
function boundOf(failures: number): number {
  return Math.min(initial * factor ** failures, max);
}

/** The probability of each sum of all waits, by its milliseconds. */
function sums(): Float64Array {
  let most = 0;
  let chances = new Float64Array([1]);
  for (let failures = 0; failures < restarts; failures++) {
    const bound = boundOf(failures);
    const next = new Float64Array(most + bound + 1);
    // A wait is one of 0 to bound - 1, each as likely; 0 is taken for 1.
    let window = 0;
    for (let sum = 0; sum < next.length; sum++) {
      window += chances[sum] ?? 0;
      window -= chances[sum - bound] ?? 0;
      next[sum] = Math.max(0, window) / bound;
    }
    for (let sum = next.length - 1; sum >= 0; sum--) {
      const zero = (chances[sum] ?? 0) / bound;
      next[sum] = next[sum]! - zero;
      if (sum + 1 < next.length) next[sum + 1] = next[sum + 1]! + zero;
    }
    most += bound;
    chances = next;
  }
  return chances;
}

const chances = sums();

/** How likely it is that all waits together last less than so many ms. */
function below(ms: number): number {
  let sum = 0;
  for (let each = 0; each < Math.min(ms, chances.length); each++) {
    sum += chances[each]!;
  }
  return sum;
}

/** The time that half of all cases stay below, in ms. */
function median(): number {
  let sum = 0;
  for (const [ms, chance] of chances.entries()) {
    sum += chance;
    if (sum >= 0.5) return ms;
  }
  return Infinity;
}

let most = 0;
for (let failures = 0; failures < restarts; failures++) {
  most += boundOf(failures);
}
const survived = 1 - below(60_000);
const escalated = below(180_000);
// It is up for 2 s each time: too short for its failures to be forgotten.
const flapping = median() + (restarts + 1) * 2_000;

console.log(`An outage of 60 s is survived with p = ${survived.toFixed(5)}`);
console.log(
  `A child that fails at once ends its supervisor within 3 minutes with p = ${
    escalated.toFixed(5)
  }, in half of all cases within ${(median() / 1_000).toFixed(1)} s, and ` +
    `within ${most / 1_000} s at the very most`,
);
console.log(
  `A child that fails 2 s after each start does so in half of all cases within ${
    (flapping / 1_000).toFixed(1)
  } s`,
);
const isRight = survived >= 0.999 && escalated >= 0.999 && most === 235_500 &&
  flapping <= 300_000;
if (!isRight) throw new Error("The documentation says something else");

// Prints:
//
// An outage of 60 s is survived with p = 0.99982
// A child that fails at once ends its supervisor within 3 minutes with p = 0.99995, in half of all cases within 117.7 s, and within 235.5 s at the very most
// A child that fails 2 s after each start does so in half of all cases within 163.7 s
