// Writing in place: a text is the writer's while they type, and is sent when they pause.
import { Away, change, keep, kept, post } from "./api.js";
import { failed } from "./notice.js";
import { item, state } from "./state.js";

const PAUSE = 350;
// By number: what the server has (base), what is written (now), and whether it is on its way.
const drafts = new Map();
let bursts = 0;

export const key = (number) => (item(number)?.kind === "chapter" ? "title" : "text");
const theirs = (number) => item(number)?.says[key(number)] ?? "";
export const dirty = (number) => {
  const draft = drafts.get(number);
  return Boolean(draft) && (Boolean(draft.sending) || draft.conflict !== undefined || tidy(draft.now) !== tidy(draft.base));
};
export const written = (number) => (dirty(number) ? drafts.get(number).now : theirs(number));
export const conflict = (number) => drafts.get(number)?.conflict;
export const tidy = (text) => text.trim().split("\n").map((line) => line.replaceAll("\u00a0", " ").split(/\s+/).join(" ").trim()).join("\n");

let redraw = () => {};
export const onConflict = (told) => { redraw = told; };

const save = () => keep([...drafts].map(([number, draft]) => ({ number, base: draft.base, now: draft.now, key: key(number) })));

export const write = (number, now) => {
  let draft = drafts.get(number);
  if (draft && !dirty(number)) draft.base = theirs(number);
  if (!draft) drafts.set(number, (draft = { base: item(number).says[key(number)] ?? "", burst: `${Date.now()}-${++bursts}` }));
  draft.now = now;
  save();
  clearTimeout(draft.timer);
  draft.timer = setTimeout(() => send(number), PAUSE);
};

export const send = async (number) => {
  const draft = drafts.get(number);
  if (!draft || draft.sending || draft.conflict !== undefined) return draft?.sending;
  clearTimeout(draft.timer);
  const now = draft.now;
  if (tidy(now) === tidy(draft.base)) { drafts.delete(number); save(); return; }
  draft.sending = change({ op: "set", number, path: [key(number)], value: now, was: draft.base, burst: draft.burst });
  try {
    await draft.sending;
    draft.base = tidy(now);
    const there = item(number);
    // Shown at once; what the server says of it (its sound) is of the old text until it tells anew.
    if (there && tidy(theirs(number)) !== draft.base) { there.says[key(number)] = draft.base; there.mine = true; }
    draft.sending = null;
    if (draft.now !== now) send(number);
    else if (!focused(number)) drafts.delete(number);
  } catch (error) {
    draft.sending = null;
    if (error.status === 409) { draft.conflict = error.now ?? ""; redraw(number); }
    else if (!(error instanceof Away)) failed(error);
  }
  save();
};

const focused = (number) => document.activeElement?.closest?.(`#n${number} .text`) != null;

// The writer leaves a text: what is told of it from elsewhere counts again.
export const leave = async (number) => {
  await send(number);
  const draft = drafts.get(number);
  if (draft && draft.conflict === undefined && tidy(draft.now) === tidy(draft.base)) drafts.delete(number);
  save();
};

export const settle = (number, mine) => {
  const draft = drafts.get(number);
  if (!draft) return;
  draft.base = draft.conflict;
  delete draft.conflict;
  if (mine) return send(number);
  drafts.delete(number);
  save();
};

export const flush = () => Promise.all([...drafts.keys()].map(send));
export const forget = (number) => { clearTimeout(drafts.get(number)?.timer); drafts.delete(number); save(); };

// Another server may number the entries otherwise: a draft goes with the text it was begun on.
const placed = (number, base) => {
  if (item(number) && tidy(theirs(number)) === tidy(base)) return number;
  return state.order.find((one) => tidy(theirs(one)) === tidy(base)) ?? number;
};

// What this page, or one before it that was closed, could not tell the server.
export const takeUp = () => {
  const waiting = new Map([...kept().map((one) => [one.number, one]), ...drafts]);
  drafts.clear();
  for (const [number, { base, now, burst }] of waiting) {
    const there = placed(number, base);
    if (!item(there) || tidy(theirs(there)) === tidy(now) || tidy(base) === tidy(now)) continue;
    drafts.set(there, { base, now, burst: burst || `${Date.now()}-${++bursts}` });
    redraw(there);
    send(there);
  }
  save();
};

addEventListener("pagehide", () => {
  for (const [number, draft] of drafts)
    if (!draft.sending && draft.conflict === undefined && tidy(draft.now) !== tidy(draft.base))
      post("change", { op: "set", number, path: [key(number)], value: draft.now, was: draft.base, burst: draft.burst }, { keepalive: true }).catch(() => {});
});

// A caret's place as the number of characters before it, and back.
export const caret = (node) => {
  const selection = getSelection();
  if (!selection.rangeCount || !node.contains(selection.anchorNode)) return null;
  const range = selection.getRangeAt(0).cloneRange();
  range.selectNodeContents(node);
  range.setEnd(selection.getRangeAt(0).startContainer, selection.getRangeAt(0).startOffset);
  return range.toString().length;
};

export const putCaret = (node, place) => {
  node.focus();
  const selection = getSelection(), range = document.createRange();
  const words = node.firstChild;
  if (words?.nodeType === Node.TEXT_NODE) range.setStart(words, Math.min(place, words.length));
  else range.selectNodeContents(node);
  range.collapse(true);
  selection.removeAllRanges();
  selection.addRange(range);
};
