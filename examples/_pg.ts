/** Stands for the package `pg` in `service.ts`, so that it runs without a server. */

export class Pool {
  #sessions = 3;

  constructor(_options: { connectionString: string | undefined }) {}

  query(text: string): Promise<{ rows: unknown[]; rowCount: number }> {
    if (!text.startsWith("delete")) {
      return Promise.resolve({ rows: [{ now: new Date() }], rowCount: 1 });
    }
    const rowCount = this.#sessions;
    this.#sessions = 0;
    return Promise.resolve({ rows: [], rowCount });
  }

  on(_event: "error", _listener: (error: Error) => void): void {}

  end(): Promise<void> {
    console.log("the pool is closed");
    return Promise.resolve();
  }
}
