// A question in a dialog: some lines to fill in, and what is done with the answers.
import { make } from "../shared/shared.js";

const dialog = document.getElementById("ask");

export const options = (pairs) => pairs.map(([value, words]) => { const one = make("option", "", words); one.value = value; return one; });

// `lines` are [label, control]; the first one has the cursor.
export const ask = (question, lines, verb, act) => {
  const form = make("form"), title = make("h2", "", question);
  title.id = "ask-title";
  form.method = "dialog";
  form.append(title);
  for (const [words, control] of lines) {
    const label = make("label", "line", words);
    label.append(control);
    form.append(label);
  }
  const tools = make("div", "doing"), save = make("button", "main", verb), cancel = make("button", "", "Cancel");
  cancel.type = "button";
  cancel.addEventListener("click", () => dialog.close());
  tools.append(save, cancel);
  form.append(tools);
  form.addEventListener("submit", act);
  dialog.replaceChildren(form);
  dialog.showModal();
  lines[0][1].focus();
};
