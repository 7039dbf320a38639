// The suite in workerd: inside a request, and inside one to a Durable Object.

import { bundleSuite } from "./bundle.mjs";
import { pinnedVersion, serve } from "./workerd.mjs";

const entry = `
export class Actor {
  async fetch() {
    return Response.json(await runSuite());
  }
}
export default {
  async fetch(request, { ACTOR }) {
    return new URL(request.url).pathname === "/actor"
      ? await ACTOR.get(ACTOR.idFromName("suite")).fetch(request)
      : Response.json(await runSuite());
  },
};
`;

export function workerdSuite(version, path) {
  return async (job) => {
    const code = await bundleSuite({
      ...job,
      expected: "workerd",
      format: "esm",
      entry,
    });
    const server = await serve({ code, date: version });
    try {
      const response = await fetch(`${server.url}${path}`);
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      const result = JSON.parse(text);
      return { version: pinnedVersion(), result, output: server.output() };
    } catch (error) {
      throw new Error(`${error.message}\n${server.output()}`);
    } finally {
      await server.stop();
    }
  };
}
