/** Pictures of a tree of supervisors, for logs and for Graphviz. */

import type { ChildStatus, SupervisorStatus } from "./events.ts";

/** What a picture is made of: a `Supervisor`, or whatever has such a status. */
export interface Pictured {
  /** How it and its children are. */
  status(): SupervisorStatus;
}

const UNITS = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [
  1_000,
  "s",
]] as const;

/** A time as people say it: `3 h`. */
function time(ms: number): string {
  const [least, unit] = UNITS.find(([least]) => ms >= least) ?? [1, "ms"];
  return `${Math.floor(ms / least)} ${unit}`;
}

function lineOf(text: string): string {
  return text.split("\n", 1)[0]!.slice(0, 100);
}

/** What there is to say of a child in one line. */
function about(child: ChildStatus): string {
  const { state, uptime, restarts, circuit, nextAttempt, error } = child;
  const said = [state === "running" ? `running ${time(uptime)}` : state];
  if (nextAttempt !== undefined) said.push(`next try in ${time(nextAttempt)}`);
  if (restarts > 0) {
    said.push(`${restarts} restart${restarts === 1 ? "" : "s"}`);
  }
  if (circuit !== "closed") said.push(`circuit ${circuit}`);
  if (error && state !== "running") said.push(lineOf(error.message));
  return said.join(", ");
}

function* branches(
  children: readonly ChildStatus[],
  before: string,
): Iterable<string> {
  for (const [index, child] of children.entries()) {
    const isLast = index === children.length - 1;
    yield `${before}${isLast ? "└─" : "├─"} ${lineOf(child.name)} ${
      about(child)
    }`;
    const next = `${before}${isLast ? "   " : "│  "}`;
    yield* branches(child.children ?? [], next);
  }
}

/**
 * The tree of a supervisor as text, a line for each child.
 *
 * @example Usage
 * ```ts
 * import { Supervisor, toTree } from "@golib/runner/supervisor";
 * import { Ticker } from "@golib/runner/ticker";
 * import { assertEquals } from "@std/assert";
 *
 * const beat = new Ticker(1_000, () => {}, { name: "beat" });
 * const pool = new Supervisor([{ runner: beat }], { name: "pool" });
 * const app = new Supervisor([{ runner: pool }], { name: "app" });
 * assertEquals(toTree(app), "app stopped\n└─ pool stopped\n   └─ beat stopped");
 * ```
 *
 * @param supervisor Whose tree it is.
 */
export function toTree(supervisor: Pictured): string {
  const { name, state, uptime, children } = supervisor.status();
  const root = state === "running" ? `running ${time(uptime)}` : state;
  return [`${lineOf(name)} ${root}`, ...branches(children, "")].join("\n");
}

const COLORS: Readonly<Record<ChildStatus["state"], string>> = {
  running: "palegreen",
  starting: "khaki",
  waiting: "orange",
  stopping: "khaki",
  stopped: "lightgrey",
};

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function* edges(
  above: string,
  children: readonly ChildStatus[],
): Iterable<string> {
  for (const child of children) {
    const own = `${above}/${child.name}`;
    const label = quoted(`${child.name}\n${about(child)}`);
    yield `  ${quoted(own)} [label=${label}, fillcolor=${
      COLORS[child.state]
    }];`;
    yield `  ${quoted(above)} -> ${quoted(own)};`;
    for (const dep of child.dependsOn) {
      const to = quoted(`${above}/${dep}`);
      yield `  ${quoted(own)} -> ${to} [style=dashed, constraint=false];`;
    }
    yield* edges(own, child.children ?? []);
  }
}

/**
 * The tree of a supervisor in Graphviz's language: solid arrows go to children,
 * dashed ones to what a child depends on.
 *
 * @example Usage
 * ```ts
 * import { Supervisor, toDot } from "@golib/runner/supervisor";
 * import { Ticker } from "@golib/runner/ticker";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const beat = new Ticker(1_000, () => {}, { name: "beat" });
 * const app = new Supervisor([{ runner: beat }], { name: "app" });
 * assertStringIncludes(toDot(app), '"app" -> "app/beat";');
 * ```
 *
 * @param supervisor Whose tree it is.
 */
export function toDot(supervisor: Pictured): string {
  const { name, state, children } = supervisor.status();
  const label = quoted(`${name}\n${state}`);
  return [
    "digraph supervisors {",
    "  rankdir=LR; node [shape=box, style=filled, fillcolor=white];",
    `  ${quoted(name)} [label=${label}, fillcolor=${COLORS[state]}];`,
    ...edges(name, children),
    "}",
  ].join("\n");
}
