import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";

interface Engine {
  readonly Deno?: { version: { deno: string } };
  readonly Bun?: { version: string };
  readonly process?: {
    env: Record<string, string | undefined>;
    versions: { node?: string };
  };
  readonly EdgeRuntime?: string;
  readonly navigator?: { userAgent?: string };
  /** Set by runs that have no environment variables. */
  readonly GOLIB_RUNNER_ENGINE?: string;
}

const engine = globalThis as Engine;
const expected = engine.GOLIB_RUNNER_ENGINE ??
  engine.process?.env["GOLIB_RUNNER_ENGINE"];

function itself(): string {
  const { userAgent = "unknown" } = engine.navigator ?? {};
  // It pretends to be Node.
  if (userAgent === "Cloudflare-Workers") return "workerd";
  if (engine.EdgeRuntime) return engine.EdgeRuntime;
  if (engine.Deno) return `deno ${engine.Deno.version.deno}`;
  if (engine.Bun) return `bun ${engine.Bun.version}`;
  if (engine.process?.versions.node) {
    return `node ${engine.process.versions.node}`;
  }
  return /(Chrome|Firefox)\/\d+/.exec(userAgent)?.[0] ?? userAgent;
}

describe("engine", () => {
  it("is the one this run was meant for", { ignore: !expected }, () => {
    assertEquals(itself(), expected);
  });
});
