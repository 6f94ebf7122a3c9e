// A word of a text that is selected, with how it is to be said.
import { make } from "../shared/shared.js";
import { pronounce } from "./acts.js";

const offer = document.getElementById("say"), dialog = document.getElementById("ask");
let found = null;

document.addEventListener("selectionchange", () => {
  const selection = getSelection();
  const node = selection.anchorNode?.parentElement?.closest?.("li.turn .text");
  const word = selection.toString().trim();
  const fits = node && !selection.isCollapsed && word && word.length <= 60 && !word.includes("\n");
  offer.hidden = !fits;
  if (!fits) return;
  found = { number: Number(node.closest("li").dataset.number), word };
  const box = selection.getRangeAt(0).getBoundingClientRect();
  offer.style.left = `${Math.max(8, Math.min(innerWidth - 130, box.left))}px`;
  offer.style.top = `${Math.max(8, box.bottom + 6)}px`;
});

const line = (words, node) => {
  const label = make("label", "line", words);
  label.append(node);
  return label;
};

const ask = () => {
  const { number, word } = found;
  const form = make("form"), title = make("h2", "", `How is “${word}” said?`);
  title.id = "ask-title";
  form.method = "dialog";
  const said = make("input");
  Object.assign(said, { required: true, maxLength: 400, placeholder: "a respelling, or /IPA/" });
  const where = make("select");
  for (const [value, words] of [["show", "in the whole show"], ["turn", "in this turn"]]) {
    const option = make("option", "", words);
    option.value = value;
    where.append(option);
  }
  const tools = make("div", "doing"), save = make("button", "main", "Save and hear"), cancel = make("button", "", "Cancel");
  cancel.type = "button";
  cancel.addEventListener("click", () => dialog.close());
  tools.append(save, cancel);
  form.append(title, line("Said as", said), line("Where", where), tools);
  form.addEventListener("submit", () => pronounce(number, word, said.value.trim(), where.value === "show"));
  dialog.replaceChildren(form);
  dialog.showModal();
  said.focus();
};

offer.addEventListener("pointerdown", (event) => event.preventDefault());
offer.addEventListener("click", () => { offer.hidden = true; ask(); });
