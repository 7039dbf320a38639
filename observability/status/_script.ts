/**
 * What keeps the page up to date; its hash is in the policy of the page. A row stays
 * the element it is: details stay open and the focus stays where it is.
 */
export const script = `
const body = document.querySelector("tbody");
const blank = document.querySelector("template").content.querySelector("tr");
const heads = [...document.querySelectorAll("[data-h]")];
const asOf = document.getElementById("as-of");
let source, retry;
function put(element, kind, value) {
  if (value == null) return;
  if (kind !== "t") element.setAttribute(kind, value);
  else if (element.textContent !== value) element.textContent = value;
}
function fill(row, values) {
  row.querySelectorAll("[data-s]").forEach((each, index) =>
    put(each, each.dataset.s, values[index]));
}
function update({ head, order, rows }) {
  heads.forEach((each, index) =>
    put(each, each.dataset.h, head[each.dataset.i ?? index]));
  asOf.className = "";
  const wanted = new Set(order);
  const known = new Map([...body.rows].map((row) => [row.dataset.k, row]));
  for (const [key, row] of known) if (!wanted.has(key)) row.remove();
  const held = document.activeElement.closest("tbody tr");
  let place = body.firstElementChild;
  for (const key of order) {
    let row = known.get(key);
    if (!row) {
      row = blank.cloneNode(true);
      row.dataset.k = key;
    }
    if (rows[key]) fill(row, rows[key]);
    // To move the row that has the focus would lose the focus: others make way.
    while (row === held && place !== held) {
      const next = place.nextElementSibling;
      body.append(place);
      place = next;
    }
    if (row === place) place = place.nextElementSibling;
    else body.insertBefore(row, place);
  }
}
function cut() {
  asOf.className = "cut";
  if (!asOf.textContent.startsWith("cut off")) {
    asOf.textContent = "cut off, " + asOf.textContent;
  }
}
function close() {
  clearTimeout(retry);
  source?.close();
  source = undefined;
}
function open() {
  close();
  if (document.hidden) return;
  const url = new URL(location);
  url.searchParams.set("events", "");
  const own = source = new EventSource(url);
  own.onmessage = ({ data }) => update(JSON.parse(data));
  own.onerror = () => {
    cut();
    if (own.readyState === 2) retry = setTimeout(open, 5000);
  };
}
document.addEventListener("visibilitychange", open);
addEventListener("pagehide", close);
addEventListener("pageshow", open);
`;
