// The entry that is selected: what its keys say, its takes, and what can be done to it.
import { make } from "../shared/shared.js";
import * as acts from "./acts.js";
import { get } from "./api.js";
import { ask, options } from "./ask.js";
import { FIELDS } from "./fields.js";
import { named } from "./row.js";
import { item, listen, state } from "./state.js";
import { takesOf } from "./takes.js";

const panel = document.getElementById("panel");
const voices = new Map();
let shown = null;

const act = (label, hint, work, name = "") => {
  const node = make("button", name, label);
  node.type = "button";
  if (hint) node.title = hint;
  node.addEventListener("click", work);
  return node;
};

const sign = (words, label, work, name = "") => {
  const node = act(words, label, work, name);
  node.setAttribute("aria-label", label);
  return node;
};

const voicesOf = async (engine, list) => {
  if (!engine) return;
  if (!voices.has(engine)) voices.set(engine, await get(`voices/${engine}`).catch(() => []));
  list.replaceChildren(...options(voices.get(engine).map((name) => [name, name])));
};

const offerFiles = async (input) => {
  input.setAttribute("list", "files");
  const names = await get("sounds").catch(() => []);
  document.getElementById("files").replaceChildren(...options(names.map((name) => [name, name])));
};

const control = (number, field) => {
  const entry = item(number), said = entry.says[field.key], inherited = field.inherited?.(entry);
  const line = make("div", "field"), id = `f-${field.key}`;
  const label = make("label", "", field.label);
  label.htmlFor = id;
  let input;
  if (field.kind === "choice") {
    input = make("select");
    input.append(...options([["", inherited ?? "–"], ...field.choices.map((one) => [one, one])]));
    input.value = said ?? "";
  } else {
    input = make("input");
    input.type = field.kind ? "text" : "number";
    if (!field.kind) Object.assign(input, { min: field.min, max: field.max, step: field.step });
    const plain = typeof said === "object" && said !== null;
    input.value = plain ? "as in the file" : said ?? "";
    input.disabled = plain;
    input.placeholder = inherited ?? "–";
    if (field.kind === "file") offerFiles(input);
    if (field.kind === "voice") {
      const list = make("datalist");
      list.id = "voices";
      input.setAttribute("list", "voices");
      voicesOf(state.cast[entry.name]?.engine, list);
      line.append(list);
    }
  }
  input.id = id;
  input.addEventListener("change", () => {
    const value = input.value.trim();
    acts.set(number, [field.key], value === "" ? null : field.kind ? value : Number(value));
  });
  if (field.hint) line.title = input.ariaDescription = field.hint;
  line.append(label, input, make("span", "unit", field.unit));
  if (said !== undefined) {
    if (field.key !== "file") line.append(sign("×", `Take ${field.label.toLowerCase()} out of the script`, () => acts.set(number, [field.key], null), "reset"));
    line.classList.add("said");
  }
  return line;
};

const adding = (number) => {
  const menu = make("select", "adding");
  menu.setAttribute("aria-label", "Add after this");
  menu.append(...options([["", "Add after this…"], ["turn", "Turn"], ["pause", "Pause"], ["chapter", "Chapter"], ["music", "Music…"], ["sound", "Effect…"]]));
  menu.addEventListener("change", () => {
    const kind = menu.value;
    menu.value = "";
    if (kind === "turn") acts.addTurn(number);
    else if (kind === "pause") acts.add(number, "pause", 1, false);
    else if (kind === "chapter") acts.add(number, "chapter", "New chapter");
    else if (kind) which(number, kind);
  });
  return menu;
};

// Music or an effect is of a file, which is asked for first: the script never has one without.
const which = (number, kind) => {
  const file = make("input");
  Object.assign(file, { required: true, maxLength: 400, placeholder: "a path from the script's folder" });
  offerFiles(file);
  ask(kind === "music" ? "Which music?" : "Which effect?", [["File", file]], "Add", () => acts.add(number, kind, { file: file.value.trim() }, false));
};

const draw = () => {
  const number = state.selected;
  if (number === null || !item(number)) {
    shown = null;
    return panel.replaceChildren(make("p", "quiet", "Select an entry to change its voice, its pauses and its takes. Press ? for the keys."));
  }
  const entry = item(number), turn = entry.kind === "turn";
  shown = number;
  const head = make("h2", "", named(number));
  if (turn) head.append(make("small", "", [state.cast[entry.name]?.engine, entry.id].filter(Boolean).join(" · ")));
  const doing = make("div", "doing");
  if (turn) doing.append(
    act("Hear in context", "Ctrl + Enter", () => acts.inContext(number), "main"),
    act("Play from here", "P", () => acts.fromHere(number)),
    act("Split", "Split at the cursor", () => acts.splitHere(number)),
    act("Join", "Join with the next turn", () => acts.join(number)),
  );
  doing.append(sign("↑", "Move up", () => acts.up(number)), sign("↓", "Move down", () => acts.down(number)), act("Delete", "", () => acts.remove(number)), adding(number));
  const fields = make("div", "fields");
  fields.append(...FIELDS[entry.kind].filter((field) => !(entry.person && (field.spoken || ["voice", "speed"].includes(field.key)))).map((field) => control(number, field)));
  panel.replaceChildren(head, doing, fields);
  if (turn && state.cast[entry.name]?.takes && !entry.person) panel.append(takesOf(number));
};

listen((changed) => {
  if (changed.selected || changed.whole || (changed.order && !item(shown)) || changed.items.has(state.selected) || changed.about) {
    const field = panel.contains(document.activeElement) ? document.activeElement.id : "";
    if (changed.selected || !typing()) draw();
    if (field && shown === state.selected) document.getElementById(field)?.focus();
  }
});

const typing = () => panel.contains(document.activeElement) && document.activeElement.matches("input") && document.activeElement.value !== document.activeElement.defaultValue && changedByHand;
let changedByHand = false;
panel.addEventListener("input", () => { changedByHand = true; });
panel.addEventListener("change", () => { changedByHand = false; });
draw();
