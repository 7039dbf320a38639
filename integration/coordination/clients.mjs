// A client for programs that are not of this folder.

import pg from "pg";

/** A pool of `pg`; what fails on an idle client is seen by the next query. */
export function pool(connectionString) {
  const made = new pg.Pool({ connectionString, max: 8 });
  made.on("error", () => {});
  return made;
}
