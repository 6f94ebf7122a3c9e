// Entries taken by their grip and put down elsewhere.
import { move } from "./acts.js";
import { state } from "./state.js";

export const carry = (list) => {
  let carried = null, target = null, below = false;
  const mark = (row, under) => {
    target?.classList.remove("above", "below");
    target = row; below = under;
    target?.classList.add(under ? "below" : "above");
  };
  list.addEventListener("dragstart", (event) => {
    const row = event.target.closest?.("li[data-number]");
    if (!event.target.closest?.(".grip") || !row) return;
    carried = row;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.querySelector(".text")?.textContent || "");
    event.dataTransfer.setDragImage(row, 8, 8);
    row.classList.add("carried");
  });
  list.addEventListener("dragover", (event) => {
    const row = event.target.closest?.("li[data-number]");
    if (!carried || !row) return;
    event.preventDefault();
    const box = row.getBoundingClientRect();
    mark(row, event.clientY > box.top + box.height / 2);
  });
  list.addEventListener("drop", (event) => {
    if (!carried || !target) return;
    event.preventDefault();
    const number = Number(carried.dataset.number), onto = Number(target.dataset.number);
    const others = state.order.filter((one) => one !== number);
    const place = others.indexOf(onto);
    if (onto !== number) move(number, below ? onto : others[place - 1] ?? null);
  });
  list.addEventListener("dragend", () => {
    carried?.classList.remove("carried");
    mark(null);
    carried = null;
  });
};
