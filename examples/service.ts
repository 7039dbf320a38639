// The program of the README: an HTTP service with a database and a periodic job.
// Ctrl-C and SIGTERM end it: requests in flight are answered, then the pool is
// closed.
//
//   npm start
//   deno task start
//   bun examples/service.ts [--seconds N]

// For a try: stands for Ctrl-C.
const at = process.argv.indexOf("--seconds");
if (at > 0) setTimeout(() => void end(), Number(process.argv[at + 1]) * 1_000);

async function end(): Promise<void> {
  for (const each of [cleanUp, server, database]) await each.stop();
}

// <readme>
import process from "node:process";
import { Pool } from "./_pg.ts";
import { Ticker } from "@golib/runner";
import { Health } from "@golib/runner/health";
import { httpServer } from "@golib/runner/http";
import { Resource } from "@golib/runner/resource";
import { main } from "@golib/runner/shutdown";

const database = new Resource({
  name: "database",
  open: async () => {
    const pool = new Pool({ connectionString: process.env["DATABASE_URL"] });
    await pool.query("select 1");
    return pool;
  },
  close: (pool) => pool.end(),
  // A broken pool fails its run: the program ends with exit code 1.
  watch: (pool, lost) => void pool.on("error", lost),
});

const server = httpServer({
  name: "http",
  port: Number(process.env["PORT"] ?? 8080),
  fetch: async (request) => {
    if (/\/(live|ready)z$/.test(request.url)) return health.handler(request);
    const { rows } = await database.value.query("select now()");
    return Response.json(rows);
  },
});
const health = new Health(server);

const cleanUp = new Ticker(60_000, async () => {
  const { rowCount } = await database.value.query(
    "delete from sessions where expires < now()",
  );
  console.log(`${rowCount} sessions removed`);
}, { name: "clean up", immediate: true, tickTimeout: 30_000 });

// Starts them in this order, and stops them in reverse on Ctrl-C or SIGTERM.
await main([database, server, cleanUp], {
  onReady: () => console.log(`listening on ${server.url}`),
});
// </readme>

// Prints:
//
// N sessions removed
// listening on http://localhost:N/
// the pool is closed
