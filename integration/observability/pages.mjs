// The status page in Chromium and Firefox. Screenshots are kept in `.results/status`.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import puppeteer from "puppeteer-core";
import { findBrowser } from "../../_tools/web/browsers.mjs";
import {
  assert,
  atEnd,
  check,
  engineOf,
  folder,
  isCI,
  pause,
  portOf,
  report,
  root,
  startFile,
  until,
} from "./_parts.mjs";

const shots = join(root, ".results", "status");

const kinds = {
  chromium: {
    browser: "chrome",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
  firefox: { browser: "firefox" },
};

/** Opens a browser; what differs from run to run is how it starts. */
async function open(id, { dark = false, scripts = true } = {}) {
  const { binary } = findBrowser(id);
  const isFirefox = id === "firefox";
  const browser = await puppeteer.launch({
    ...kinds[id],
    executablePath: binary,
    headless: true,
    protocolTimeout: 120_000,
    userDataDir: folder(id),
    ...(isFirefox && {
      extraPrefsFirefox: {
        "layout.css.prefers-color-scheme.content-override": dark ? 0 : 1,
        "javascript.enabled": scripts,
      },
    }),
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await browser.close().catch(() => {});
    isOpen = false;
  };
  atEnd(close);
  return { browser, close };
}

/** Opens a page, and keeps what goes wrong on it. */
async function visit(browser, url, { width = 1_280, height = 800 } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  const wrong = [];
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`console: ${message.text()}`);
  });
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    document.addEventListener(
      "securitypolicyviolation",
      (event) =>
        globalThis.violations.push(
          `${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
        ),
    );
  });
  await page.goto(url, { waitUntil: "domcontentloaded" });
  return { page, wrong };
}

/** The lowest contrast of any text that is seen. */
function contrast() {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((each) => {
      const part = each / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: Infinity };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((each) =>
      each.nodeType === 3 && each.data.trim()
    );
    const { visibility, color } = getComputedStyle(element);
    if (!own || visibility === "hidden" || !element.getClientRects().length) {
      continue;
    }
    const [a, b] = [light(parse(color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) {
      worst = { ratio, text: element.textContent.slice(0, 40), color };
    }
  }
  return worst;
}

const rows = () =>
  [...document.querySelectorAll("tbody tr")].map((row) => ({
    key: row.dataset.k,
    word: row.querySelector("b").textContent,
    name: row.querySelector("th span").textContent,
    text: row.innerText,
  }));

async function look(id, small, many, steer) {
  const shot = (page, name) =>
    page.screenshot({
      path: join(shots, `${id}-${name}.png`),
      fullPage: false,
    });
  const { browser, close } = await open(id);

  await check(
    `${id}: the page opens, follows, and breaks no policy`,
    async () => {
      const { page, wrong } = await visit(browser, small);
      const before = (await page.evaluate(rows)).length;
      assert.equal(before, 13);
      await until(
        "an update",
        () =>
          page.evaluate(() =>
            [...document.querySelectorAll("tbody tr")].some((row) =>
              row.dataset.k === "shop/steady" &&
              Number(row.cells[4].textContent) > 3
            )
          ),
      );
      assert.deepEqual(
        await page.evaluate(() => globalThis.violations),
        [],
      );
      assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
      assert.deepEqual(wrong, []);
      await shot(page, "light");
      await page.close();
    },
  );

  await check(`${id}: what is hostile is text`, async () => {
    const { page } = await visit(browser, small);
    const found = await page.evaluate(rows);
    const names = found.map(({ name }) => name);
    assert.ok(
      names.some((name) => name.includes("<img src=x onerror=")),
      names,
    );
    assert.ok(
      names.some((name) => name.includes("<script>globalThis.pwned=2<")),
    );
    assert.ok(names.some((name) => name.includes("&lt;b&gt;")));
    assert.equal(await page.evaluate(() => document.images.length), 0);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    await page.close();
  });

  await check(
    `${id}: details stay open and the focus stays through updates`,
    async () => {
      const { page } = await visit(browser, small);
      const key = "shop/broken";
      await page.evaluate((key) => {
        const row = document.querySelector(`[data-k="${key}"]`);
        row.querySelector("summary").click();
        row.querySelector("summary").focus();
        globalThis.row = row;
      }, key);
      const order = async () =>
        (await page.evaluate(rows)).map(({ key }) => key);
      const first = await order();
      await steer("fail");
      await until(
        "another order",
        async () =>
          (await order()).indexOf("shop/job") < first.indexOf("shop/job"),
      );
      const ticks = await page.evaluate(() =>
        globalThis.row.cells[4].textContent
      );
      await until(
        "more ticks",
        async () =>
          await page.evaluate(() => globalThis.row.cells[4].textContent) !==
            ticks,
      );
      const state = await page.evaluate((key) => ({
        isSame: globalThis.row === document.querySelector(`[data-k="${key}"]`),
        isOpen: globalThis.row.querySelector("details").open,
        isFocused: document.activeElement ===
          globalThis.row.querySelector("summary"),
        text: globalThis.row.querySelector("pre").textContent,
      }), key);
      assert.deepEqual({ ...state, text: "" }, {
        isSame: true,
        isOpen: true,
        isFocused: true,
        text: "",
      });
      assert.ok(
        state.text.includes("postgres://me:***@db refused"),
        state.text,
      );
      const job = (await page.evaluate(rows)).find(({ key }) =>
        key === "shop/job"
      );
      assert.equal(job.word, "failing");
      assert.equal(
        await page.evaluate(() => globalThis.pwned),
        undefined,
      );
      await until(
        "the tab says so",
        async () => (await page.title()).startsWith("✗ 2 of 13 not well"),
      );
      await shot(page, "failing");
      await steer("well");
      await page.close();
    },
  );

  await check(`${id}: it can be read on a phone`, async () => {
    const { page } = await visit(browser, small, { width: 375, height: 800 });
    const wide = await page.evaluate(() =>
      document.documentElement.scrollWidth
    );
    assert.ok(wide <= 375, `it is ${wide} wide`);
    await shot(page, "phone");
    await page.close();
  });

  await check(`${id}: the contrast is at least 4.5, light`, async () => {
    const { page } = await visit(browser, small);
    const worst = await page.evaluate(contrast);
    assert.ok(worst.ratio >= 4.5, JSON.stringify(worst));
    await page.close();
  });

  await check(`${id}: a thousand runners are 200 rows and a line`, async () => {
    const began = performance.now();
    const { page } = await visit(browser, many);
    assert.equal((await page.evaluate(rows)).length, 200);
    const text = await page.evaluate(() => document.body.innerText);
    assert.ok(text.includes("and 801 more"));
    console.log(
      `        seen after ${Math.round(performance.now() - began)} ms`,
    );
    await shot(page, "many");
    await page.close();
  });

  await check(
    `${id}: the seventh tab is served, as those hidden let go`,
    async () => {
      const tabs = [];
      for (let index = 0; index < 7; index++) {
        const { page } = await visit(browser, small);
        const asOf = () =>
          page.evaluate(() => document.getElementById("as-of").textContent);
        const first = await asOf();
        await until(
          `an update of tab ${index + 1}`,
          async () => await asOf() !== first,
        );
        // Headless, a tab that is behind is not always hidden.
        await page.evaluate(() => {
          Object.defineProperty(document, "hidden", {
            configurable: true,
            get: () => globalThis.isBehind ?? false,
          });
          globalThis.isBehind = true;
          document.dispatchEvent(new Event("visibilitychange"));
        });
        tabs.push(page);
      }
      await tabs[0].evaluate(() => {
        globalThis.isBehind = false;
        document.dispatchEvent(new Event("visibilitychange"));
      });
      const before = await tabs[0].evaluate(() =>
        document.getElementById("as-of").textContent
      );
      await until(
        "the first tab follows again",
        async () =>
          await tabs[0].evaluate(() =>
            document.getElementById("as-of").textContent
          ) !== before,
      );
      for (const page of tabs) await page.close();
    },
  );

  await check(`${id}: cut off it says so, and comes back`, async () => {
    const { page } = await visit(browser, small);
    await pause(1_500);
    await steer("cut");
    await until(
      "it says so",
      () =>
        page.evaluate(() =>
          document.getElementById("as-of").textContent.startsWith(
            "cut off, as of ",
          )
        ),
    );
    await shot(page, "cut");
    await steer("back");
    await until(
      "it follows again",
      () =>
        page.evaluate(() =>
          document.getElementById("as-of").textContent.startsWith("as of ")
        ),
    );
    await page.close();
  });
  await close();

  await check(`${id}: dark, with a contrast of at least 4.5`, async () => {
    const { browser, close } = await open(id, { dark: true });
    const { page } = await visit(browser, "about:blank");
    if (id === "chromium") {
      await page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: "dark" },
      ]);
    }
    await page.goto(small, { waitUntil: "domcontentloaded" });
    const colour = await page.evaluate(() =>
      getComputedStyle(document.body).backgroundColor
    );
    assert.equal(colour, "rgb(13, 17, 23)");
    const worst = await page.evaluate(contrast);
    assert.ok(worst.ratio >= 4.5, JSON.stringify(worst));
    await shot(page, "dark");
    await close();
  });

  await check(`${id}: it is complete without JavaScript`, async () => {
    const { browser, close } = await open(id, { scripts: false });
    const page = await browser.newPage();
    await page.setViewport({ width: 1_280, height: 800 });
    if (id === "chromium") await page.setJavaScriptEnabled(false);
    await page.goto(small, { waitUntil: "load" });
    await shot(page, "without-scripts");
    // The document itself is what a browser without scripts shows.
    const html = await (await fetch(small)).text();
    assert.equal(html.split("<tr data-k=").length - 2, 13);
    assert.ok(html.includes("shop/steady"));
    if (id === "chromium") {
      assert.equal((await page.evaluate(rows)).length, 13);
    }
    await close();
  });
}

export async function run() {
  mkdirSync(shots, { recursive: true });
  for (const id of ["chromium", "firefox"]) {
    const { binary, hint } = findBrowser(id);
    if (!binary) {
      console.log(`  ${id} is not installed: ${hint}`);
      if (isCI) report(`${id} is installed`, new Error(hint));
      continue;
    }
    const engine = engineOf(`node${process.versions.node.split(".")[0]}`);
    const program = startFile(engine, "pages_program.ts");
    const port = await portOf(program);
    const control = await portOf(program, "control");
    const url = `http://127.0.0.1:${port}/`;
    const steer = async (what) => {
      assert.equal(
        (await fetch(`http://127.0.0.1:${control}/${what}`)).status,
        200,
      );
    };
    await look(id, url, `${url}many`, steer);
  }
}
