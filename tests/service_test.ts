import { assertArrayIncludes, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { canKill, type Child, spawn } from "./_child.ts";

const ignore = !canKill;
const PROGRAM = "../examples/service.ts";

/** Waits until the program of the README serves. */
async function serving(): Promise<Child> {
  const child = await spawn(PROGRAM, "--", { env: { PORT: "0" } });
  await child.said("3 sessions removed");
  return child;
}

describe("The program of the README", { ignore }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`ends with 0 after ${signal}, its pool closed`, async () => {
      const child = await serving();
      child.kill(signal);
      const { code, lines, errors } = await child.ended;
      assertEquals([code, errors], [0, ""]);
      assertEquals(lines.at(-1), "the pool is closed");
    });
  }

  it("ends with 1 and says why when its port is taken", async () => {
    const { createServer } = await import("node:net");
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, resolve));
    const { port } = other.address() as { port: number };
    try {
      const child = await spawn(PROGRAM, "--", { env: { PORT: `${port}` } });
      const { code, lines, errors } = await child.ended;
      assertEquals(code, 1);
      assertMatch(errors, new RegExp(`${port}`));
      assertArrayIncludes(lines, ["the pool is closed"]);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});
