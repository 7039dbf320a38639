// The modules of `observability/` as others see them: a Prometheus, OpenTelemetry,
// browsers, and whoever sends the probes.
//
//   npm run test:observability                 all of it
//   npm run test:observability -- prometheus   only these parts
//
// The last line is "N passed, N failed".

import process from "node:process";
import { install } from "../../_tools/install.mjs";
import { endAll, report } from "./_parts.mjs";

const folder = "integration/observability";
install(folder, "what looks at the runners");
install("_tools/lint", "the compiler");
install(`${folder}/sdk2`, "OpenTelemetry's SDK 2");
install(`${folder}/sdk3`, "OpenTelemetry's SDK 3");

const parts = ["rules", "prometheus", "probes", "traces", "pages"];
const asked = process.argv.slice(2).filter(Boolean);
const stranger = asked.find((each) => !parts.includes(each));
if (stranger) {
  console.error(`'${stranger}' is none of: ${parts.join(", ")}`);
  process.exit(2);
}
for (const name of parts) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  try {
    const { run } = await import(`./${name}.mjs`);
    await run();
  } catch (error) {
    report(`${name} runs to its end`, error);
  }
  await endAll();
}
const { passed, failed } = report.counts;
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
