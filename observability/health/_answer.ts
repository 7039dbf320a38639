/** The answer to a probe. */

import { type Authorize, isHost, says } from "../_access.ts";
import type { HealthGroup, HealthReport } from "./report.ts";

/** Who is told more than one word. */
export interface Access {
  readonly details: Authorize | undefined;
  readonly hosts: readonly string[];
}

// A probe of Kubernetes waits for a second.
const PATIENCE = 800;

const PATHS: { readonly [path: string]: HealthGroup } = {
  livez: "live",
  readyz: "ready",
  startupz: "startup",
  healthz: "health",
};

function headersOf(type: string): Headers {
  return new Headers({ "content-type": type, "cache-control": "no-store" });
}

// Made once, as each answer would spend as long on them as on all else.
const WORD = /* @__PURE__ */ headersOf("text/plain; charset=utf-8");
const DETAILS = /* @__PURE__ */ headersOf("application/health+json");

/** The details, in the format of the draft "Health Check Response". */
function detailsOf({ status, findings }: HealthReport): string {
  // Without what all objects have, such as `constructor`: a check may be called so.
  const checks: Record<string, unknown[]> = Object.create(null);
  const time = new Date().toISOString();
  for (const { name, kind, age, ...rest } of findings) {
    (checks[name] ??= []).push({
      componentType: kind,
      ...rest,
      ...(age === undefined
        ? {}
        : { observedValue: age, observedUnit: "ms ago" }),
      time,
    });
  }
  return JSON.stringify({ status, checks });
}

/** Answers by the last step of the path. */
export async function answer(
  request: Request,
  { details, hosts }: Access,
  check: (group: HealthGroup) => Promise<HealthReport>,
): Promise<Response> {
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") {
    return new Response("Only GET and HEAD\n", {
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
  }
  const step = new URL(request.url).pathname.split("/").pop()!;
  const group = Object.hasOwn(PATHS, step) ? PATHS[step] : undefined;
  if (!group) return new Response("No such check\n", { status: 404 });
  const [report, isOpen] = await Promise.all([
    check(group),
    details !== undefined && isHost(request, hosts) &&
    says(details, request, PATIENCE),
  ]);
  return new Response(
    method === "HEAD"
      ? null
      : isOpen
      ? detailsOf(report)
      : `${report.status}\n`,
    {
      status: report.status === "fail" ? 503 : 200,
      headers: isOpen ? DETAILS : WORD,
    },
  );
}
