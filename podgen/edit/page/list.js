// The script as lists of some dozens of rows each, which the browser lays out when they come near. A
// row is drawn whole near the window and is words alone elsewhere: thousands of turns scroll, and the
// browser's own search finds them all.
import { make } from "../shared/shared.js";
import { post } from "./api.js";
import { carry } from "./drag.js";
import { fill, plain, refresh } from "./row.js";
import { item, listen, select, state } from "./state.js";
import { putCaret } from "./texts.js";

const list = document.getElementById("list");
const rows = new Map(), near = new Set(), due = new Set();
const FILLING_MS = 8, BUILDING_MS = 25, PART = 40, ROW_PX = 92, MARGIN = { rootMargin: "700px 0px" };

let seenTimer = 0;
const seen = () => {
  clearTimeout(seenTimer);
  seenTimer = setTimeout(() => post("seen", { numbers: [...near] }).catch(() => {}), 200);
};

// Rows that have come near are drawn whole, and those that are far plain again; a few in each frame.
let frame = 0;
const settle = () => {
  frame = 0;
  const until = performance.now() + FILLING_MS;
  const coming = [...due].filter((number) => near.has(number));
  for (const number of coming.length ? coming : [...due]) {
    due.delete(number);
    const row = rows.get(number);
    if (!row) continue;
    if (!near.has(number)) { if (row.full && !row.contains(document.activeElement)) plain(row, number); }
    else if (!row.full) fill(row, number);
    if (performance.now() > until) break;
  }
  soon();
};
const soon = () => { if (due.size) frame ||= requestAnimationFrame(settle); };

const isNear = (part) => Boolean(part?.classList.contains("near"));
const come = (row, here) => {
  const number = Number(row.dataset.number);
  if (here) near.add(number); else near.delete(number);
  if (here !== Boolean(row.full)) due.add(number); else due.delete(number);
};
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isNear(target.parentNode)) come(target, isIntersecting);
  soon();
  seen();
}, MARGIN);
const watchParts = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.classList.toggle("near", isIntersecting);
    for (const row of target.children)
      if (isIntersecting) watch.observe(row); else { watch.unobserve(row); come(row, false); }
  }
  soon();
}, MARGIN);

const build = (number) => {
  const row = make("li", item(number).kind);
  row.id = `n${number}`;
  row.dataset.number = number;
  plain(row, number);
  rows.set(number, row);
  return row;
};
const drop = (number, row) => { watch.unobserve(row); row.remove(); rows.delete(number); near.delete(number); };

const part = (before) => {
  const made = list.insertBefore(make("ol", "part"), before);
  watchParts.observe(made);
  return made;
};
const put = (row, into, before) => {
  into.insertBefore(row, before);
  watch.unobserve(row);
  if (isNear(into)) watch.observe(row); else come(row, false);
};

// Puts the rows in order; those that stay in place are left alone, as one may be written in.
let building = 0;
const arrange = () => {
  const mine = ++building, there = new Set(state.order);
  for (const [number, row] of rows) if (!there.has(number)) drop(number, row);
  let at = 0, into = list.firstElementChild || part(null), next = into.firstElementChild;
  const following = (row) => {
    const after = into.nextElementSibling, full = into.childElementCount >= PART;
    if (after && (full || row.parentNode === after)) into = after;
    else if (full) into = part(after);
    else return;
    next = into.firstElementChild;
  };
  const some = () => {
    if (mine !== building) return;
    const until = performance.now() + BUILDING_MS, first = rows.size < PART;  // a new page's first screen is shown before the rest
    for (; at < state.order.length && !(first && at >= PART) && performance.now() < until; at++) {
      const row = rows.get(state.order[at]) || build(state.order[at]);
      if (!next) following(row);
      if (row !== next && row === next?.nextElementSibling) { next.remove(); next = row; }  // that one has its place elsewhere
      if (row === next) next = next.nextElementSibling;
      else put(row, into, next);
    }
    if (at < state.order.length) return first ? requestAnimationFrame(() => setTimeout(some)) : setTimeout(some);
    for (const one of [...list.children]) {
      if (!one.childElementCount) { watchParts.unobserve(one); one.remove(); }
      one.style.containIntrinsicHeight = `auto ${ROW_PX * one.childElementCount}px`;
    }
    document.documentElement.dataset.whole = "true";
  };
  some();
};

export const row = (number) => rows.get(number);

const show = (number, how) => {
  const there = rows.get(number);
  if (!there) return;
  if (!there.full) fill(there, number);
  if (how.scroll) there.scrollIntoView({ block: "nearest" });
  if (how.edit) {
    const text = there.querySelector(".text");
    if (!text) return;
    putCaret(text, how.edit.caret ?? 0);
    if (how.edit === true) getSelection().selectAllChildren(text);
  } else if (how.focus) there.querySelector(".grip")?.focus({ preventScroll: true });
};

listen((changed) => {
  if (changed.order) arrange();
  for (const number of changed.items) if (rows.has(number)) refresh(rows.get(number), number);
  if (changed.times) for (const number of near) if (rows.get(number)?.full) refresh(rows.get(number), number, true);
  if (changed.selected) {
    rows.get(changed.before)?.removeAttribute("aria-current");
    rows.get(state.selected)?.setAttribute("aria-current", "true");
    show(state.selected, changed);
  }
});

list.addEventListener("focusin", (event) => {
  const row = event.target.closest("li[data-number]");
  if (row && Number(row.dataset.number) !== state.selected) select(Number(row.dataset.number));
});
list.addEventListener("pointerdown", (event) => {
  const row = event.target.closest("li[data-number]");
  if (row && Number(row.dataset.number) !== state.selected) select(Number(row.dataset.number));
});
carry(list);
