// A word of a text that is selected, with how it is to be said.
import { make } from "../shared/shared.js";
import { pronounce } from "./acts.js";
import { ask, options } from "./ask.js";

const offer = document.getElementById("say");
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

const say = () => {
  const { number, word } = found;
  const said = make("input"), where = make("select");
  Object.assign(said, { required: true, maxLength: 400, placeholder: "a respelling, or /IPA/" });
  where.append(...options([["show", "in the whole show"], ["turn", "in this turn"]]));
  ask(`How is “${word}” said?`, [["Said as", said], ["Where", where]], "Save and hear", () => pronounce(number, word, said.value.trim(), where.value === "show"));
};

offer.addEventListener("pointerdown", (event) => event.preventDefault());
offer.addEventListener("click", () => { offer.hidden = true; say(); });
