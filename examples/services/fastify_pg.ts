// A service of notes: Fastify and PostgreSQL, which it starts itself where it is
// given none by DATABASE_URL.
//
//   npm run services -- start fastify_pg

import Fastify, { type FastifyInstance } from "fastify";
import pg from "pg";
import process from "node:process";
import { Ticker } from "@golib/runner";
import { httpServer } from "@golib/runner/http";
import { Resource } from "@golib/runner/resource";
import { main } from "@golib/runner/shutdown";
import { type Child, Supervisor } from "@golib/runner/supervisor";
import { ownPostgres, postgres } from "./_own.ts";

const { DATABASE_URL, PORT = "0" } = process.env;
const own = DATABASE_URL === undefined ? ownPostgres() : undefined;

const database = new Resource({
  name: "database",
  async open() {
    const connectionString = DATABASE_URL ?? own!.value.url;
    const pool = new pg.Pool({ connectionString, max: 5 });
    // It opens connections anew by itself; without a listener this is uncaught.
    pool.on("error", ({ message }) => {
      if (!pool.ending) console.error(`pool: ${message}`);
    });
    try {
      await pool.query(`create table if not exists notes (
        id serial primary key, text text not null, at timestamptz default now())`);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return pool;
  },
  close: (pool) => pool.end(),
  stopTimeout: 10_000,
});

let isLeaving = false;

/** Asks the database whether it is well, and takes old notes away. */
const clean = new Ticker(250, (signal) =>
  database.use(
    (pool) => pool.query("delete from notes where at < now() - interval '1 h'"),
    signal,
  ), { name: "clean", tickTimeout: 5_000 });

function isReady(): boolean {
  const { total, failed, failedInARow } = clean.ticks;
  return !isLeaving && total > failed && failedInARow === 0;
}

function build(): FastifyInstance {
  const app = Fastify();
  app.get("/ready", (_request, reply) => {
    reply.code(isReady() ? 200 : 503);
    return { ready: isReady() };
  });
  app.get("/notes", async () => {
    const { rows } = await database.value.query("select id, text from notes");
    return rows;
  });
  app.post<{ Body: { text: string } }>("/notes", async (request, reply) => {
    const { rows } = await database.value.query(
      "insert into notes (text) values ($1) returning id, text",
      [request.body.text],
    );
    reply.code(201);
    return rows[0];
  });
  // A query that takes a while, in flight when the program is asked to stop.
  app.get<{ Querystring: { ms: string } }>("/slow", async ({ query }) => {
    const seconds = Number(query.ms) / 1_000;
    await database.use((pool) => pool.query("select pg_sleep($1)", [seconds]));
    return { slept: seconds };
  });
  return app;
}

const http = httpServer({
  app: build,
  hostname: "127.0.0.1",
  port: Number(PORT),
});

const children: Child[] = [
  { runner: database, dependsOn: own ? ["postgres"] : [] },
  { runner: clean, dependsOn: ["database"] },
  { runner: http, dependsOn: ["database"] },
];
if (own) children.push({ runner: own });

if (own && !postgres) {
  console.log("PostgreSQL is not installed: apt-get install postgresql-15");
} else {
  await main(new Supervisor(children, { name: "notes", stopTimeout: 20_000 }), {
    onReady: () => console.log(`listening on ${http.url.href}`),
    notReady: () => isLeaving = true,
    drainDelay: 300,
  });
}
