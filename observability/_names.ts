/** What a runner is called outside the program: its path in the tree. */

import { text } from "../_internal/errors.ts";

const MOST = 200;
/** What the metrics call those that share their numbers. */
export const OTHER = "_other";
// What the text formats or a terminal cannot have: control characters, and halves
// of a pair of surrogates.
// deno-lint-ignore no-control-regex
const BAD = /[\u0000-\u001f\u007f-\u009f\ufeff\u2028\u2029]|\p{Surrogate}/gu;

/** Tells apart what looks alike once it is made readable. */
function hash(name: string): string {
  let sum = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    sum = Math.imul(sum ^ name.charCodeAt(index), 0x01000193);
  }
  return (sum >>> 0).toString(36);
}

/**
 * A name as one step of a path: well formed, of one line, of at most 200
 * characters and some, never empty. Two names that differ stay apart.
 */
export function stepOf(value: unknown): string {
  const name = text(value);
  const clean = name.slice(0, MOST).replace(BAD, "\ufffd");
  const step = clean.replace(/%(?=2[5F])/g, "%25").replaceAll("/", "%2F");
  return name && clean === name && name !== OTHER
    ? step
    : `${step}~${hash(name)}`;
}
