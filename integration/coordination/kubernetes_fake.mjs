// An API server's answers for Leases, as they were seen on a real one: create
// twice is 409 AlreadyExists, a version that is stale 409 Conflict, a PUT without a
// version 422, a watch from a version that is gone an ERROR in a stream of 200, a
// Lease that is not there 404, a wrong token 401.

import { createServer } from "node:http";

function status(code, reason, message) {
  return { kind: "Status", status: "Failure", code, reason, message };
}

export async function kubernetes({ token = "right" } = {}) {
  const leases = new Map();
  const watchers = new Set();
  let version = 1;
  const tell = (type, object) => {
    for (const each of watchers) each(type, object);
  };
  const matches = (selector, { metadata }) =>
    (selector ?? "").split(",").filter(Boolean).every((each) => {
      const [key, value] = each.split("=");
      return metadata.labels?.[key] === value;
    });
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const each of request) text += each;
    const answer = (code, body) => {
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const url = new URL(request.url, "http://localhost");
    if (request.headers.authorization !== `Bearer ${token}`) {
      return answer(401, status(401, "Unauthorized", "Unauthorized"));
    }
    if (url.pathname === "/version") {
      return answer(200, { major: "1", minor: "36" });
    }
    const [, namespace, name] =
      /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/
        .exec(url.pathname) ?? [];
    if (!namespace) return answer(404, status(404, "NotFound", "not found"));
    const selector = url.searchParams.get("labelSelector");
    const found = leases.get(name);
    const about = `leases.coordination.k8s.io "${name}"`;
    const body = text ? JSON.parse(text) : undefined;
    const kept = (object) => {
      const lease = {
        ...object,
        metadata: {
          ...object.metadata,
          namespace,
          resourceVersion: String(++version),
        },
      };
      leases.set(object.metadata.name, lease);
      return lease;
    };
    const isGone = () =>
      answer(404, status(404, "NotFound", `${about} not found`));
    switch (request.method) {
      case "GET": {
        if (name) return found ? answer(200, found) : isGone();
        const items = [...leases.values()].filter((each) =>
          matches(selector, each)
        );
        if (url.searchParams.get("watch") !== "1") {
          return answer(200, {
            kind: "LeaseList",
            metadata: { resourceVersion: String(version) },
            items,
          });
        }
        response.writeHead(200, { "content-type": "application/json" });
        const send = (type, object) =>
          response.write(`${JSON.stringify({ type, object })}\n`);
        if (url.searchParams.get("resourceVersion") === "1") {
          send("ERROR", status(410, "Expired", "too old resource version"));
          return response.end();
        }
        for (const each of items) send("ADDED", each);
        // Headers go out at once also where nothing is there.
        response.flushHeaders();
        const watcher = (type, object) => {
          if (matches(selector, object)) send(type, object);
        };
        watchers.add(watcher);
        response.on("close", () => watchers.delete(watcher));
        return;
      }
      case "POST": {
        const own = body.metadata.name;
        if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(own) || own.length > 253) {
          return answer(422, status(422, "Invalid", `invalid name ${own}`));
        }
        if (leases.has(own)) {
          return answer(
            409,
            status(409, "AlreadyExists", `${own} already exists`),
          );
        }
        const made = kept(body);
        tell("ADDED", made);
        return answer(201, made);
      }
      case "PUT": {
        if (!found) return isGone();
        const { resourceVersion } = body.metadata;
        if (!resourceVersion) {
          return answer(
            422,
            status(422, "Invalid", "must be specified for an update"),
          );
        }
        if (resourceVersion !== found.metadata.resourceVersion) {
          return answer(
            409,
            status(409, "Conflict", `${about}: the object has been modified`),
          );
        }
        const changed = kept(body);
        tell("MODIFIED", changed);
        return answer(200, changed);
      }
      case "DELETE": {
        if (!found) return isGone();
        const wanted = body?.preconditions?.resourceVersion;
        if (wanted && wanted !== found.metadata.resourceVersion) {
          return answer(
            409,
            status(409, "Conflict", "the precondition failed"),
          );
        }
        leases.delete(name);
        tell("DELETED", found);
        return answer(200, status(200, "", "deleted"));
      }
    }
    answer(405, status(405, "MethodNotAllowed", request.method));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
