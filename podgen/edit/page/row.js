// One entry of the script as it stands on the page.
import { clock, make } from "../shared/shared.js";
import { alone, addTurn, fromHere, from, inContext, join, rename, set, speak, split } from "./acts.js";
import { player } from "./player.js";
import { hue, item, isTurn, select, state } from "./state.js";
import { caret, conflict, dirty, leave, putCaret, settle, tidy, write, written } from "./texts.js";
import { wave } from "./wave.js";

const STATES = { waiting: "to be spoken", wanted: "to be spoken", speaking: "speaking…", spoken: "", failed: "failed", wrong: "cannot be spoken" };
const NAMES = { pause: "Pause", chapter: "Chapter", music: "Music", sound: "Effect", unreadable: "Entry" };

export const named = (number) => (isTurn(number) ? item(number).name : NAMES[item(number).kind]);

const button = (name, label, text, act) => {
  const node = make("button", name, text);
  node.type = "button";
  node.setAttribute("aria-label", label);
  node.title = label;
  node.addEventListener("click", act);
  return node;
};

const words = (number) => {
  const { kind, says } = item(number);
  if (kind === "pause") return `${says[""]} s`;
  if (kind === "music" || kind === "sound") return [says.file, says.role].filter(Boolean).join(" · ");
  if (kind === "unreadable") return "written with anchors or in another form; change it in the file";
  return written(number);
};

// Far from the window: who and what, no more.
export const plain = (row, number) => {
  const name = named(number), said = words(number);
  if (row.plain?.name === name && row.plain.said === said) return;
  row.plain = { name, said };
  row.full = false;
  row.classList.remove("full");
  row.replaceChildren(make("span", "who", name), make("div", "text", said));
};

const editable = (row, number) => {
  const text = make("div", "text");
  text.textContent = words(number);
  text.contentEditable = "plaintext-only";
  text.setAttribute("role", "textbox");
  text.setAttribute("aria-multiline", "true");
  text.setAttribute("aria-label", isTurn(number) ? `What ${item(number).name} says` : "Title of the chapter");
  text.lang = state.language || "en";
  text.spellcheck = true;
  text.addEventListener("input", () => write(number, text.textContent));
  text.addEventListener("blur", () => leave(number).then(() => { if (row.isConnected) refresh(row, number); }));
  text.addEventListener("keydown", (event) => typed(event, text, number));
  return text;
};

const edges = (text) => {
  const selection = getSelection();
  const place = caret(text);
  return { place, first: place === 0 && selection.isCollapsed, last: place >= text.textContent.length && selection.isCollapsed };
};

const typed = (event, text, number) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const order = state.order, here = order.indexOf(number);
  const { place, first, last } = edges(text);
  const done = (act) => { event.preventDefault(); act(); };
  if (event.key === "Enter" && !event.shiftKey) {
    if (isTurn(number) && !first && !last) return done(() => split(number, place));
    return done(() => addTurn(number));
  }
  if (event.key === "Backspace" && first && isTurn(number) && isTurn(order[here - 1])) return done(() => join(order[here - 1]));
  if (event.key === "Delete" && last && isTurn(number) && isTurn(order[here + 1])) return done(() => join(number));
  if (event.key === "ArrowUp" && first && here > 0) return done(() => select(order[here - 1], { edit: { caret: Infinity }, scroll: true }));
  if (event.key === "ArrowDown" && last && here < order.length - 1) return done(() => select(order[here + 1], { edit: { caret: 0 }, scroll: true }));
};

const speaker = (number) => {
  const choice = make("select", "who"), names = new Set([...Object.keys(state.cast), item(number).name]);
  for (const name of names) choice.append(make("option", "", name));
  choice.value = item(number).name;
  choice.setAttribute("aria-label", "Speaker");
  choice.addEventListener("change", () => rename(number, choice.value));
  return choice;
};

const sounding = (number) => {
  const line = make("div", "sounding"), { name } = item(number);
  const bar = make("div", "wave");
  bar.append(make("canvas"));
  bar.addEventListener("click", (event) => {
    const times = state.times.get(number), box = bar.getBoundingClientRect();
    if (times) from(times[0] + ((event.clientX - box.left) / box.width) * (times[1] - times[0]));
  });
  line.append(
    button("hear", `Hear ${name}'s turn`, "▶", () => alone(number)),
    bar,
    make("span", "length figures"),
    button("context", `Hear ${name}'s turn in its context`, "in context", () => inContext(number)),
    make("span", "state"),
    button("again", "Speak it now", "Speak", () => speak([number])),
  );
  return line;
};

export const fill = (row, number) => {
  const { kind } = item(number);
  row.full = true;
  row.plain = null;
  row.className = `${kind} full`;
  const grip = button("grip", `${named(number)}: drag to move, or Alt and arrows`, "⠿", () => select(number));
  grip.draggable = true;
  const body = make("div", "body");
  const writing = kind === "turn" || kind === "chapter";
  body.append(writing ? editable(row, number) : make("div", "text"));
  if (kind === "turn") body.append(sounding(number));
  if (kind === "pause") pauses(body, number);
  body.append(make("ul", "problems"));
  const who = kind === "turn" ? speaker(number) : make("span", "who", NAMES[kind]);
  const at = button("at figures", "Play the episode from here", "", () => fromHere(number));
  row.replaceChildren(grip, who, body, at);
  refresh(row, number);
};

const pauses = (body, number) => {
  const label = make("label", "seconds"), input = make("input");
  Object.assign(input, { type: "number", min: 0, max: 600, step: 0.1 });
  input.setAttribute("aria-label", "Seconds of silence");
  input.addEventListener("change", () => set(number, [], Number(input.value)));
  label.append(input, " s");
  body.querySelector(".text").replaceWith(label);
};

const problems = (row, number) => {
  const entry = item(number), list = row.querySelector(".problems"), told = [];
  // What stands there already stays, so that a button that is being pressed does.
  const sign = JSON.stringify([entry.wrong, entry.state === "failed" && entry.why, conflict(number)]);
  if (list.dataset.sign === sign) return;
  list.dataset.sign = sign;
  for (const { what, remedy } of entry.wrong || []) {
    const line = make("li", "", what);
    if (remedy) line.append(make("span", "remedy", remedy));
    told.push(line);
  }
  if (entry.state === "failed") told.push(make("li", "", entry.why));
  const theirs = conflict(number);
  if (theirs !== undefined) {
    const line = make("li", "conflict", "Changed elsewhere while you wrote:");
    line.append(make("q", "", theirs));
    line.append(button("", "Keep what is written here", "Keep mine", () => { settle(number, true); refresh(row, number); }));
    line.append(button("", "Take what was written elsewhere", "Take theirs", () => { settle(number, false); refresh(row, number); }));
    told.push(line);
  }
  list.replaceChildren(...told);
};

export const refresh = (row, number, timesOnly = false) => {
  const entry = item(number);
  if (!row.full) {
    if (timesOnly) return;
    if (row.className !== entry.kind) row.className = entry.kind;
    return plain(row, number);
  }
  const times = state.times.get(number);
  row.querySelector(".at").textContent = times ? clock(times[0], true) : "";
  if (timesOnly) return;
  if (!row.classList.contains(entry.kind)) return fill(row, number);
  row.classList.toggle("wrong", Boolean(entry.wrong) || entry.state === "failed");
  const text = row.querySelector(".text");
  const writing = document.activeElement === text;
  const same = text && (writing ? dirty(number) || tidy(text.textContent) === tidy(words(number)) : text.textContent === words(number));
  if (text && !same) {
    const place = writing ? caret(text) : null;
    text.textContent = words(number);
    if (place !== null) putCaret(text, place);
  }
  const seconds = row.querySelector(".seconds input");
  if (seconds && document.activeElement !== seconds) seconds.value = entry.says[""];
  problems(row, number);
  if (entry.kind !== "turn") return;
  row.style.setProperty("--hue", hue(entry.name));
  const who = row.querySelector("select.who");
  if (who.value !== entry.name || who.options.length < Object.keys(state.cast).length) who.replaceWith(speaker(number));
  row.dataset.state = entry.state;
  row.querySelector(".length").textContent = entry.seconds === undefined ? "" : `${entry.state === "spoken" ? "" : "≈ "}${entry.seconds.toFixed(1)} s`;
  row.querySelector(".state").textContent = STATES[entry.state] ?? "";
  const canvas = row.querySelector("canvas");
  if (entry.clip && canvas.dataset.clip !== entry.clip) { canvas.dataset.clip = entry.clip; wave(canvas, number); }
  if (!entry.clip) { delete canvas.dataset.clip; canvas.width = 0; }
  const playing = player.playing && player.number === number;
  row.querySelector(".hear").textContent = playing && player.what === "turn" ? "■" : "▶";
};
