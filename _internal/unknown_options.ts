/** Options that a class does not know: a typo is an error, others are named once. */

import { warn } from "./recovery.ts";

/** What was named already: names by the class whose bag had them. */
const named = new Set<string>();

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** Whether one text becomes the other by at most so many edits of a letter. */
function isWithin(edits: number, one: string, other: string): boolean {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  const [a, b] = [one.slice(start), other.slice(start)];
  if (!a || !b) return a.length + b.length <= edits;
  if (edits === 0) return false;
  return isWithin(edits - 1, a.slice(1), b.slice(1)) ||
    isWithin(edits - 1, a.slice(1), b) || isWithin(edits - 1, a, b.slice(1));
}

function meant(name: string, known: readonly string[]): string | undefined {
  return known.find((each) => plain(each) === plain(name)) ??
    known.find((each) => isWithin(1, name, each)) ??
    known.find((each) => isWithin(2, name, each));
}

/**
 * Looks at a bag that is read once, such as that of a constructor, for properties
 * that are no option. Own, enumerable ones count whose value is not `undefined`.
 *
 * One that looks like an option is a mistake. Any other is ignored, so that a bag
 * for a newer version or for two classes still works, and named on standard error,
 * once for each name and class.
 *
 * @param what What cannot be done with the mistake: `create a Ticker`.
 * @param owner The class or function that the bag is for: `Ticker`.
 * @param options The bag; nothing is looked at where it is absent.
 * @param known The names of all its options.
 * @throws {TypeError} if a property looks like an option.
 */
export function checkUnknown(
  what: string,
  owner: string,
  options: object | undefined,
  known: readonly string[],
): void {
  const unknown = Object.keys(options ?? {}).filter((name) =>
    !known.includes(name) && Reflect.get(options!, name) !== undefined
  );
  for (const name of unknown) {
    const option = meant(name, known);
    if (option === undefined) continue;
    throw new TypeError(
      `Cannot ${what}: '${
        name.slice(0, 100)
      }' is not an option: did you mean '${option}'?`,
    );
  }
  for (const name of unknown) {
    const key = `${owner} ${name}`;
    if (named.has(key)) continue;
    named.add(key);
    warn(`${owner}: '${name.slice(0, 100)}' is not an option and is ignored`);
  }
}
