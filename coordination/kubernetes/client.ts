/** Lease objects of an API server: one request, one answer. */

import { dateOf, Endpoints, json, lines } from "../_fetch.ts";
import { StoreError } from "../errors.ts";
import type { KubernetesStoreOptions } from "./options.ts";

/** As much of a Lease as is used here. */
export interface LeaseObject {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly leaseTransitions?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

export class KubernetesClient {
  readonly #endpoints: Endpoints;
  readonly #token: KubernetesStoreOptions["token"];
  readonly #path: string;

  constructor(what: string, options: KubernetesStoreOptions) {
    const { endpoint, fetch: request, token, namespace = "default" } = options;
    this.#endpoints = new Endpoints(what, [endpoint], request);
    this.#token = token;
    const name = encodeURIComponent(namespace);
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${name}/leases`;
  }

  async get(name: string, signal: AbortSignal) {
    const path = `${this.#path}/${name}`;
    const response = await this.#send("read a Lease", "GET", path, signal);
    return await this.#object("read a Lease", response, signal, [404]);
  }

  /** Resolves to nothing where there is one of that name. */
  async create(object: LeaseObject, signal: AbortSignal) {
    const what = "make a Lease";
    const response = await this.#send(what, "POST", this.#path, signal, object);
    return await this.#object(what, response, signal, [409]);
  }

  /** Resolves to nothing where it has changed, or is gone. */
  async replace(object: LeaseObject, signal: AbortSignal) {
    const what = "change a Lease";
    const path = `${this.#path}/${object.metadata.name}`;
    const response = await this.#send(what, "PUT", path, signal, object);
    return await this.#object(what, response, signal, [404, 409]);
  }

  /** Does nothing where it has changed, or is gone. */
  async remove({ metadata }: LeaseObject, signal: AbortSignal) {
    const what = "remove a Lease";
    const path = `${this.#path}/${metadata.name}`;
    const { resourceVersion } = metadata;
    const body = { preconditions: { resourceVersion } };
    const response = await this.#send(what, "DELETE", path, signal, body);
    await this.#object(what, response, signal, [404, 409]);
  }

  async list(selector: string, signal: AbortSignal) {
    const what = "list Leases";
    const path = `${this.#path}?labelSelector=${encodeURIComponent(selector)}`;
    const response = await this.#send(what, "GET", path, signal);
    const found = await this.#answer<{ items: LeaseObject[] }>(
      what,
      response,
      signal,
      [],
    );
    return found!.items;
  }

  async *watch(selector: string, signal: AbortSignal) {
    const what = "watch Leases";
    const query = `watch=1&labelSelector=${encodeURIComponent(selector)}`;
    const path = `${this.#path}?${query}`;
    const response = await this.#send(what, "GET", path, signal);
    if (!response.ok) await this.#answer(what, response, signal, []);
    yield undefined;
    for await (const line of lines(response)) {
      const event = json<{
        type: string;
        object: LeaseObject & { reason?: string };
      }>(what, line);
      // One that is over says so within a stream that began well.
      if (event.type === "ERROR") {
        const why = event.object.reason ?? "it has ended";
        throw new StoreError("unknown", `Cannot ${what}: ${why}`);
      }
      yield event;
    }
    throw new StoreError("unknown", `Cannot ${what}: it has ended`);
  }

  async time(signal: AbortSignal): Promise<number | undefined> {
    const what = "read the time";
    const response = await this.#send(what, "GET", "/version", signal);
    await this.#endpoints.text(what, response, signal);
    return dateOf(response);
  }

  async #send(
    what: string,
    method: string,
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<Response> {
    const token = typeof this.#token === "function"
      ? await this.#token()
      : this.#token;
    return await this.#endpoints.send(what, path, signal, {
      method,
      headers: {
        accept: "application/json",
        "content-type": "application/json",
        ...(token && { authorization: `Bearer ${token.trim()}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  #object(
    what: string,
    response: Response,
    signal: AbortSignal,
    absent: readonly number[],
  ): Promise<LeaseObject | undefined> {
    return this.#answer<LeaseObject>(what, response, signal, absent);
  }

  async #answer<T>(
    what: string,
    response: Response,
    signal: AbortSignal,
    absent: readonly number[],
  ): Promise<T | undefined> {
    const text = await this.#endpoints.text(what, response, signal);
    const { status, ok } = response;
    if (ok) return json<T>(what, text);
    if (absent.includes(status)) return undefined;
    let why = text.slice(0, 200);
    try {
      why = (JSON.parse(text) as { message?: string }).message ?? why;
    } catch {
      // A proxy before it speaks otherwise.
    }
    const kind = status >= 500 || status === 429 ? "unknown" : "refused";
    throw new StoreError(
      kind,
      `Cannot ${what} in Kubernetes: ${status} ${why}`,
    );
  }
}
