// Keys for all that is frequent, and the sheet that lists them.
import { make } from "../shared/shared.js";
import * as acts from "./acts.js";
import { stop } from "./player.js";
import { isTurn, select, state } from "./state.js";
import { other } from "./takes.js";

const chosen = (act) => () => state.selected !== null && act(state.selected);
const turn = (act) => () => state.selected !== null && isTurn(state.selected) && act(state.selected);
const step = (by) => () => {
  const place = state.order.indexOf(state.selected) + by;
  const next = state.order[Math.max(0, Math.min(state.order.length - 1, place))];
  if (next !== undefined) select(next, { scroll: true, focus: true });
};

// [keys, what they do, the act, whether it also holds while one writes]
const KEYS = [
  ["Ctrl+Enter", "hear the turn in its context", turn(acts.inContext), true],
  ["Ctrl+Shift+Enter", "hear the turn alone", turn(acts.alone), true],
  ["Ctrl+Space", "play the episode, or stop", acts.playOrStop, true],
  ["Escape", "stop playing, leave the text", () => { stop(); document.activeElement?.blur?.(); }, true],
  ["Ctrl+Z", "undo", acts.undo, true],
  ["Ctrl+Shift+Z", "redo", acts.redo, true],
  ["Ctrl+Y", "redo", acts.redo, true, true],
  ["Alt+ArrowUp", "move the entry up", chosen(acts.up), true],
  ["Alt+ArrowDown", "move the entry down", chosen(acts.down), true],
  ["Ctrl+Backspace", "delete the entry", chosen(acts.remove), false],
  ["Delete", "delete the entry", chosen(acts.remove), false],
  ["Space", "hear the turn in its context", turn(acts.inContext), false],
  ["P", "play the episode from here", chosen(acts.fromHere), false],
  ["ArrowUp", "the entry above", step(-1), false],
  ["ArrowDown", "the entry below", step(1), false],
  ["K", "the entry above", step(-1), false, true],
  ["J", "the entry below", step(1), false, true],
  ["Enter", "write in the entry", chosen((number) => select(number, { edit: { caret: Infinity }, scroll: true })), false],
  ["N", "a new turn below", chosen(acts.addTurn), false],
  ["C", "a new chapter below", chosen((number) => acts.add(number, "chapter", "New chapter")), false],
  ["B", "a new pause below", chosen((number) => acts.add(number, "pause", 1, false)), false],
  ["T", "a new take", turn(() => document.querySelector(".taking button:not([aria-pressed])[title='Speak another take']")?.click()), false],
  ["X", "the other of the takes A and B", turn(other), false],
  ["S", "speak all that is to be spoken", () => acts.speak(null), false],
  ["?", "this sheet", () => sheet(), false],
];
const WRITING = [
  ["Enter", "in a text: split the turn there; at its end, a new turn"],
  ["Shift+Enter", "in a text: a new line"],
  ["Backspace", "at a text's beginning: join it to the turn before"],
  ["Delete", "at a text's end: join the next turn to it"],
];

const names = { " ": "Space" };
const pressed = (event) => {
  const key = names[event.key] || (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const shift = event.shiftKey && key !== "?" ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + shift + key;
};

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const writing = event.target.matches("input, select, textarea, [contenteditable]");
  const onButton = event.target.matches("button, [role=slider], label") && ["Space", "Enter"].includes(pressed(event));
  const found = KEYS.find(([keys, , , always]) => keys === pressed(event) && (always || (!writing && !onButton)));
  if (!found) return;
  event.preventDefault();
  found[2]();
});

const dialog = document.getElementById("keys");
export const sheet = () => {
  const head = make("div", "head"), title = make("h2", "", "Keyboard");
  title.id = "keys-title";
  const table = make("dl", "keys");
  for (const [keys, words] of [...WRITING, ...KEYS.filter((each) => !each[4])]) {
    const name = make("dt");
    for (const one of keys.split("+")) name.append(make("kbd", "", one.replace("ArrowUp", "↑").replace("ArrowDown", "↓")));
    table.append(name, make("dd", "", words));
  }
  const close = make("button", "", "Close");
  close.addEventListener("click", () => dialog.close());
  head.append(title, close);
  dialog.replaceChildren(head, table);
  dialog.showModal();
};
document.getElementById("help").addEventListener("click", sheet);
