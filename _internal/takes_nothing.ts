// An arrow function without parameters cannot see what it is given.
const TAKES_NOTHING = /^(?:async\s*)?\(\s*\)\s*=>/;

/** Whether what a function is called with need not be made. */
export function takesNothing(
  work: (...values: never[]) => unknown,
): boolean {
  const text = work.length === 0 && Function.prototype.toString.call(work);
  return text !== false && TAKES_NOTHING.test(text);
}
