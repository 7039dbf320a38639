// What a measured process runs: one probe with its settings, one line of JSON.
// Usage: probe.mjs NAME '{"settings": …}'

import process from "node:process";

const [name, settings] = process.argv.slice(2);
const { probe } = await import(`./probes/${name}.mjs`);
const result = await probe(JSON.parse(settings));
process.stdout.write(`\n@result ${JSON.stringify(result)}\n`, () => {
  // What a peer leaves running would hold the process.
  process.exit(0);
});
