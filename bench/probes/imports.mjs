// How long an import takes in a process that has imported little else.

import process from "node:process";

export async function probe({ name, url }) {
  const began = performance.now();
  await import(url);
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage();
  return { name, milliseconds, cpu: user + system };
}
