// What the page has to say, in lines above the script; each goes when it is settled or closed.
import { make } from "../shared/shared.js";

const box = document.getElementById("notices");
const shown = new Map();

// `actions` are [label, what it does]; a notice of the same name takes the place of the one before.
export const notice = (name, words, actions = [], kind = "") => {
  clear(name);
  const line = make("div", `notice ${kind}`);
  line.append(make("p", "", words));
  for (const [label, act] of [...actions, ["Close", () => {}]]) {
    const button = make("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => { clear(name); act(); });
    line.append(button);
  }
  shown.set(name, line);
  box.append(line);
};

export const clear = (name) => { shown.get(name)?.remove(); shown.delete(name); };

export const failed = (error) => {
  console.warn(error);
  notice("failed", error.message, [], "bad");
};
