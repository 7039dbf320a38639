/**
 * A describe/it for engines without one, or whose own hides what a test leaks.
 * Each `it` becomes one flat test, so that whatever an engine checks for a test
 * is checked for every `it` alone.
 *
 * @module
 */

/** A hook or a test body. */
export type Body = () => void | Promise<void>;

/** What may be said of a suite or a test besides its name. */
export interface Options {
  ignore?: boolean;
  only?: boolean;
  sanitizeOps?: boolean;
  sanitizeResources?: boolean;
}

/** A test as it was collected. */
export interface CollectedTest {
  /** The names of its suites and its own, joined by " > ". */
  readonly name: string;
  readonly ignore: boolean;
  readonly only: boolean;
  readonly sanitizeOps: boolean | undefined;
  readonly sanitizeResources: boolean | undefined;
  /** Whether resources may outlive this test, held by hooks of a suite. */
  readonly shared: boolean;
  /** Runs the hooks that are due and the test itself. */
  run(): Promise<void>;
}

type HookName = "beforeAll" | "afterAll" | "beforeEach" | "afterEach";

interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly options: Options;
  readonly hooks: Record<HookName, Body[]>;
  readonly tests: (() => void)[];
  pending: number;
  opened: Promise<void> | undefined;
  closed: boolean;
}

/** The functions of `@std/testing/bdd` that a suite uses. */
export interface Collector {
  readonly describe: Describe;
  readonly it: It;
  beforeAll(body: Body): void;
  afterAll(body: Body): void;
  beforeEach(body: Body): void;
  afterEach(body: Body): void;
  /** Runs the `afterAll` hooks that no test has run: a filter may drop the last test. */
  close(): Promise<void>;
}

/** Declares a suite. */
export interface Describe {
  (name: string, body: () => void): void;
  (name: string, options: Options, body: () => void): void;
  ignore(name: string, body: () => void): void;
  only(name: string, body: () => void): void;
  skip(name: string, body: () => void): void;
}

/** Declares a test. */
export interface It {
  (name: string, body: Body): void;
  (name: string, options: Options, body: Body): void;
  ignore(name: string, body: Body): void;
  only(name: string, body: Body): void;
  skip(name: string, body: Body): void;
}

/** Sorts the arguments that `describe` and `it` share. */
export function definition<T>(
  name: string,
  optionsOrBody: Options | T,
  body?: T,
): { name: string; options: Options; body: T } {
  return body === undefined
    ? { name, options: {}, body: optionsOrBody as T }
    : { name, options: optionsOrBody as Options, body };
}

/** Makes a describe/it that hands each test to `register`. */
export function createCollector(
  register: (test: CollectedTest) => void,
): Collector {
  const opened = new Set<Suite>();
  let current: Suite | undefined;

  function describe(
    name: string,
    optionsOrBody: Options | (() => void),
    body?: () => void,
  ): void {
    const defined = definition(name, optionsOrBody, body);
    const parent = current;
    const suite: Suite = {
      name,
      parent,
      options: inherit(parent, defined.options),
      hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
      tests: [],
      pending: 0,
      opened: undefined,
      closed: false,
    };
    current = suite;
    try {
      defined.body();
    } finally {
      current = parent;
    }
    const flush = () => {
      for (const test of suite.tests) test();
    };
    // Only when the outermost suite is complete are all its hooks known.
    if (parent) parent.tests.push(flush);
    else flush();
  }

  function it(name: string, optionsOrBody: Options | Body, body?: Body): void {
    const defined = definition(name, optionsOrBody, body);
    const suite = current;
    const options = inherit(suite, defined.options);
    const submit = () => {
      const chain = lineage(suite);
      const ignore = options.ignore ?? false;
      if (!ignore) { for (const each of chain) each.pending++; }
      register({
        name: [...chain.map((each) => each.name), name].join(" > "),
        ignore,
        only: options.only ?? false,
        sanitizeOps: options.sanitizeOps,
        sanitizeResources: options.sanitizeResources,
        shared: chain.some(({ hooks }) =>
          hooks.beforeAll.length + hooks.afterAll.length > 0
        ),
        run: () => runTest(chain, defined.body),
      });
    };
    if (suite) suite.tests.push(submit);
    else submit();
  }

  async function runTest(chain: Suite[], body: Body): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (bodies: Body[]) => {
      for (const each of bodies) {
        try {
          await each();
        } catch (error) {
          failures.push(error);
        }
      }
    };
    try {
      for (const suite of chain) {
        opened.add(suite);
        await (suite.opened ??= runAll(suite.hooks.beforeAll));
      }
      for (const suite of chain) await runAll(suite.hooks.beforeEach);
      await body();
    } catch (error) {
      failures.push(error);
    }
    for (const suite of [...chain].reverse()) {
      await attempt(suite.hooks.afterEach);
    }
    for (const suite of [...chain].reverse()) {
      if (--suite.pending > 0) continue;
      suite.closed = true;
      await attempt(suite.hooks.afterAll);
    }
    if (failures.length > 0) throw failures[0];
  }

  function hook(name: HookName): (body: Body) => void {
    return (body) => {
      if (!current) throw new Error(`Cannot add ${name} outside of a suite`);
      current.hooks[name].push(body);
    };
  }

  return {
    describe: withVariants<Describe>(describe),
    it: withVariants<It>(it),
    beforeAll: hook("beforeAll"),
    afterAll: hook("afterAll"),
    beforeEach: hook("beforeEach"),
    afterEach: hook("afterEach"),
    async close() {
      for (const suite of [...opened].reverse()) {
        if (suite.closed) continue;
        suite.closed = true;
        await runAll(suite.hooks.afterAll);
      }
    },
  };
}

/** What an ignored suite holds is ignored, whatever it says itself. */
function inherit(suite: Suite | undefined, own: Options): Options {
  const ignore = (suite?.options.ignore || own.ignore) ?? false;
  return { ...suite?.options, ...own, ignore };
}

function lineage(suite: Suite | undefined): Suite[] {
  return suite ? [...lineage(suite.parent), suite] : [];
}

async function runAll(bodies: Body[]): Promise<void> {
  for (const body of bodies) await body();
}

/** Adds `ignore`, `skip` and `only` to a describe or an it. */
export function withVariants<T>(
  declare: (name: string, options: Options, body: Body) => void,
): T {
  const ignore = (name: string, body: Body) =>
    declare(name, { ignore: true }, body);
  const only = (name: string, body: Body) =>
    declare(name, { only: true }, body);
  return Object.assign(declare, { ignore, only, skip: ignore }) as T;
}
