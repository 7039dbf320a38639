/** The JSON gateway of etcd: one request, one answer. */

import { encode } from "../_base64.ts";
import { dateOf, Endpoints, json, lines } from "../_fetch.ts";
import { StoreError, type StoreErrorKind } from "../errors.ts";
import type { EtcdStoreOptions } from "./options.ts";

/** What every answer may have; zero values are left out. */
interface Failure {
  readonly error?: string | { readonly code?: number; message?: string };
  readonly code?: number;
  readonly message?: string;
}

// gRPC codes. etcd goes by these; its HTTP statuses differ between versions.
const NOT_FOUND = 5;
const UNAUTHENTICATED = 16;
/** Those after which a request may have been carried out, or may yet be. */
const UNKNOWN = [1, 2, 4, 13, 14];

export class EtcdClient {
  readonly #endpoints: Endpoints;
  readonly #auth: EtcdStoreOptions["auth"];
  #token: string | undefined;

  constructor(options: EtcdStoreOptions) {
    const { endpoints, fetch: request, auth } = options;
    this.#endpoints = new Endpoints("create an etcd store", endpoints, request);
    this.#auth = auth;
  }

  shuffle(): void {
    this.#endpoints.shuffle();
  }

  async call<T>(
    what: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<T> {
    return (await this.#call<T>(what, path, body, signal)).answer;
  }

  /** The time of the server that answers. */
  async time(signal: AbortSignal): Promise<number | undefined> {
    const path = "/v3/maintenance/status";
    return (await this.#call("read the time", path, {}, signal)).time;
  }

  /** A stream of answers, as text; each of one line. */
  async *stream(
    what: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    await this.#authenticate(signal);
    const response = await this.#send(what, path, body, signal);
    if (!response.ok) {
      const text = await this.#endpoints.text(what, response, signal);
      throw this.#failed(what, response.status, text);
    }
    yield* lines(response);
  }

  async #call<T>(
    what: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<{ answer: T; time: number | undefined }> {
    await this.#authenticate(signal);
    for (let attempt = 0;; attempt++) {
      const response = await this.#send(what, path, body, signal);
      const text = await this.#endpoints.text(what, response, signal);
      if (response.ok) {
        return { answer: json<T>(what, text), time: dateOf(response) };
      }
      const error = this.#failed(what, response.status, text);
      // The token has expired: nothing was done, and another may be had.
      const isStale = error.code === UNAUTHENTICATED && this.#token;
      if (!isStale || !this.#auth || attempt > 0) throw error;
      this.#token = undefined;
      await this.#authenticate(signal);
    }
  }

  #send(
    what: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<Response> {
    const token = this.#token;
    return this.#endpoints.send(what, path, signal, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // Without this a watch on a member without a quorum is silent for ever.
        "grpc-metadata-hasleader": "true",
        ...(token && { authorization: token }),
      },
      body: JSON.stringify(body),
    });
  }

  async #authenticate(signal: AbortSignal): Promise<void> {
    const auth = this.#auth;
    if (!auth || this.#token) return;
    if ("token" in auth) {
      this.#token = auth.token;
      return;
    }
    const what = "log in";
    const path = "/v3/auth/authenticate";
    const { username: name, password } = auth;
    const response = await this.#send(what, path, { name, password }, signal);
    const text = await this.#endpoints.text(what, response, signal);
    if (!response.ok) throw this.#failed(what, response.status, text);
    this.#token = json<{ token: string }>(what, text).token;
  }

  #failed(what: string, status: number, text: string): EtcdError {
    let failure: Failure = {};
    try {
      failure = JSON.parse(text) as Failure;
    } catch {
      // A proxy before it speaks otherwise.
    }
    const inner = typeof failure.error === "object" ? failure.error : failure;
    const code = inner.code ?? failure.code;
    const message = inner.message ?? (failure.error as string | undefined) ??
      text.slice(0, 200);
    const isUnknown = code === undefined
      ? status >= 500
      : UNKNOWN.includes(code);
    // Another member may do better.
    if (isUnknown) this.#endpoints.next();
    const kind = isUnknown ? "unknown" : "refused";
    return new EtcdError(kind, `Cannot ${what} in etcd: ${message}`, code);
  }
}

/** An error with the code of etcd. */
export class EtcdError extends StoreError {
  readonly code: number | undefined;

  constructor(kind: StoreErrorKind, message: string, code: number | undefined) {
    super(kind, message);
    this.code = code;
  }
}

/** Whether what was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof EtcdError && error.code === NOT_FOUND;
}

/** The end of the range of all keys with a prefix. */
export function rangeEnd(prefix: string): string {
  // Prefixes end with ASCII here, so that the last byte can be raised.
  const last = prefix.charCodeAt(prefix.length - 1);
  return encode(prefix.slice(0, -1) + String.fromCharCode(last + 1));
}
