import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";

interface Engine {
  readonly Deno?: { version: { deno: string } };
  readonly Bun?: { version: string };
  readonly process?: {
    env: Record<string, string | undefined>;
    versions: { node?: string };
  };
  readonly navigator?: { userAgent?: string };
  /** Set by runs that have no environment variables. */
  readonly GOLIB_RUNNER_ENGINE?: string;
}

const engine = globalThis as Engine;
const expected = engine.GOLIB_RUNNER_ENGINE ??
  engine.process?.env["GOLIB_RUNNER_ENGINE"];

function itself(): string {
  if (engine.Deno) return `deno ${engine.Deno.version.deno}`;
  if (engine.Bun) return `bun ${engine.Bun.version}`;
  if (engine.process?.versions.node) {
    return `node ${engine.process.versions.node}`;
  }
  return engine.navigator?.userAgent ?? "unknown";
}

describe("engine", () => {
  it("is the one this run was meant for", { ignore: !expected }, () => {
    assertEquals(itself(), expected);
  });
});
