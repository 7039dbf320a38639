// The alerts, by promtool.

import { readFileSync } from "node:fs";
import { assert, check, root, runSync } from "./_parts.mjs";

function promtool(...values) {
  const { status, stdout, stderr, error } = runSync("promtool", values);
  if (error) throw error;
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

export async function run() {
  await check("the configuration is valid", () => {
    promtool("check", "config", `${root}docs/prometheus.yml`);
  });
  await check("each alert is raised where it is to be, and only there", () => {
    promtool("test", "rules", "rules_test.yml");
  });
  await check("each alert has a test", () => {
    const alerts = readFileSync(`${root}docs/rules.yml`, "utf8")
      .matchAll(/- alert: (\w+)/g);
    const tests = readFileSync(
      new URL("rules_test.yml", import.meta.url),
      "utf8",
    );
    for (const [, name] of alerts) {
      assert.ok(tests.includes(`alertname: ${name}\n`), name);
    }
  });
}
