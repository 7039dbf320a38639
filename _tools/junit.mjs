// Reads the JUnit reports of Deno, Bun and Node, as far as they agree.

const entities = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decode(text) {
  return text.replace(
    /&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi,
    (all, dec, hex, name) =>
      dec
        ? String.fromCodePoint(Number(dec))
        : hex
        ? String.fromCodePoint(Number.parseInt(hex, 16))
        : entities[name] ?? all,
  );
}

function attribute(tag, name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found ? decode(found[1]) : "";
}

/**
 * The tests of a report: `{ name, outcome, message, detail }` each, and the
 * remarks in which Node reports what it could not ascribe to a test.
 */
export function parseReport(text) {
  const tests = [];
  const remarks = [];
  const suites = [];
  let test;
  let failing;
  const pattern =
    /<!--([\s\S]*?)-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)(\w+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;
  for (const match of text.matchAll(pattern)) {
    const [, remark, cdata, closing, element, attributes, empty, plain] = match;
    if (remark !== undefined) {
      const said = decode(remark).trim();
      if (/^(Error|Warning):/.test(said)) remarks.push(said);
    } else if (cdata !== undefined || plain !== undefined) {
      if (failing && test) test.detail += cdata ?? decode(plain);
    } else if (element === "testcase") {
      if (!closing) {
        test = {
          name: [...suites, attribute(attributes, "name")].join(" > "),
          outcome: "passed",
          message: "",
          detail: "",
        };
        tests.push(test);
      }
      if (closing || empty) test = undefined;
    } else if (element === "failure" || element === "error") {
      failing = !closing && !empty;
      if (!closing && test) {
        test.outcome = "failed";
        test.message = attribute(attributes, "message");
      }
    } else if (element === "skipped") {
      if (test && !closing) test.outcome = "skipped";
    } else if (element === "testsuite") {
      if (closing) suites.pop();
      else if (!empty) {
        const name = attribute(attributes, "name");
        // A suite that stands for a file says nothing about the test.
        suites.push(/_test\.\w+$|^\.\//.test(name) ? undefined : name);
      }
    }
  }
  for (const each of tests) {
    each.name = each.name.split(" > ").filter(Boolean).join(" > ");
  }
  return { tests, remarks };
}
