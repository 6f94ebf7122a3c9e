// The takes of a turn: heard one against the other, at the same level, and one of them picked.
import { make } from "../shared/shared.js";
import * as acts from "./acts.js";
import { failed } from "./notice.js";
import { player } from "./player.js";
import { item } from "./state.js";

const compared = { number: null, a: null, b: null, heard: null };

const button = (words, label, work) => {
  const node = make("button", "", words);
  node.type = "button";
  node.setAttribute("aria-label", label);
  node.title = label;
  node.addEventListener("click", work);
  return node;
};

// The other of the two that are compared, from its beginning.
export const other = (number) => {
  if (compared.number !== number || compared.b === null) return;
  const next = compared.heard === compared.a ? compared.b : compared.a;
  compared.heard = next;
  acts.take(number, next);
};

const draw = (box, number, takes) => {
  const chosen = takes.find((one) => one.chosen);
  if (compared.number !== number) Object.assign(compared, { number, a: chosen.take, b: null, heard: null });
  compared.b ??= takes.findLast((one) => one.take !== compared.a)?.take ?? null;
  const rows = takes.map((one) => {
    const line = make("li", one.chosen ? "chosen" : "");
    line.append(
      button("▶", `Hear take ${one.take}`, () => { compared.heard = one.take; acts.take(number, one.take); }),
      make("span", "name", `Take ${one.take}`),
      make("span", "figures quiet", one.seconds === null ? "not spoken" : `${one.seconds.toFixed(1)} s`),
    );
    for (const side of ["a", "b"]) {
      const mark = button(side.toUpperCase(), `Compare take ${one.take} as ${side.toUpperCase()}`, () => {
        compared[side] = one.take;
        draw(box, number, takes);
      });
      mark.setAttribute("aria-pressed", String(compared[side] === one.take));
      line.append(mark);
    }
    line.append(one.chosen ? make("span", "used", "in use") : button("Use", `Use take ${one.take}`, async () => { await acts.pick(number, one.take); load(box, number); }));
    return line;
  });
  const list = make("ol", "takes");
  list.append(...rows);
  const head = make("h3", "", "Takes");
  const more = button("New take", "Speak another take", async () => {
    more.disabled = true;
    more.textContent = "Speaking…";
    try {
      const { take, takes: now } = await acts.newTake(number);
      Object.assign(compared, { number, b: take, heard: take });
      draw(box, number, now);
      acts.take(number, take);
    } catch (error) { failed(error); load(box, number); }
  });
  const tools = make("div", "doing");
  tools.append(more);
  if (compared.b !== null) tools.append(button("A / B", "Hear the other one (X)", () => other(number)));
  box.replaceChildren(head, list, tools);
};

const load = async (box, number) => {
  try { draw(box, number, (await acts.takes(number)).takes); } catch { box.replaceChildren(); }
};

export const takesOf = (number) => {
  const box = make("section", "taking");
  if (item(number).state === "spoken") load(box, number);
  return box;
};

player.listeners.push(() => { for (const node of document.querySelectorAll(".takes li")) node.classList.toggle("now", player.playing && player.what === `take ${node.querySelector(".name").textContent.slice(5)}`); });
