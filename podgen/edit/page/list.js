// The script as a list. A row is drawn whole near the window and is words alone elsewhere, so that
// thousands of turns scroll, and the browser's own search finds them all.
import { make } from "../shared/shared.js";
import { post } from "./api.js";
import { carry } from "./drag.js";
import { fill, plain, refresh } from "./row.js";
import { item, listen, select, state } from "./state.js";
import { putCaret } from "./texts.js";

const list = document.getElementById("list");
const rows = new Map(), near = new Set();
const AT_ONCE = 150;

let seenTimer = 0;
const seen = () => {
  clearTimeout(seenTimer);
  seenTimer = setTimeout(() => post("seen", { numbers: [...near] }).catch(() => {}), 200);
};

const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const number = Number(target.dataset.number);
    if (isIntersecting) { near.add(number); if (!target.full) fill(target, number); }
    else {
      near.delete(number);
      if (target.full && !target.contains(document.activeElement)) plain(target, number);
    }
  }
  seen();
}, { rootMargin: "700px 0px" });

const build = (number) => {
  const row = make("li", item(number).kind);
  row.id = `n${number}`;
  row.dataset.number = number;
  plain(row, number);
  rows.set(number, row);
  watch.observe(row);
  return row;
};

let building = 0;
const arrange = () => {
  const mine = ++building, there = new Set(state.order);
  for (const [number, row] of rows) if (!there.has(number)) { watch.unobserve(row); row.remove(); rows.delete(number); near.delete(number); }
  let at = 0, next = list.firstElementChild;
  const some = () => {
    if (mine !== building) return;
    const until = Math.min(state.order.length, at + AT_ONCE);
    for (; at < until; at++) {
      const row = rows.get(state.order[at]) || build(state.order[at]);
      if (row === next) next = next.nextElementSibling;
      else list.insertBefore(row, next);
    }
    if (at < state.order.length) requestIdleCallback(some, { timeout: 50 });
    else document.documentElement.dataset.whole = "true";
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
