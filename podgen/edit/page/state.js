// What the server told of the show; parts of the page listen for what of it changed.
import { get } from "./api.js";

export const state = { version: -1, items: new Map(), order: [], times: new Map(), cast: {}, selected: null };
const listeners = [];

export const listen = (told) => listeners.push(told);
export const item = (number) => state.items.get(number);
export const isTurn = (number) => item(number)?.kind === "turn";
export const turnText = (number) => item(number)?.says.text || "";

const numbered = (values) => Object.entries(values).map(([number, value]) => [Number(number), value]);

export const take = (message, whole) => {
  const changed = { whole, items: new Set(), order: false, times: false, about: false };
  const before = whole ? new Map(state.items) : null;
  if (whole) state.items = new Map();
  for (const [number, value] of numbered(message.items || {})) {
    if (!whole || JSON.stringify(before.get(number)) !== JSON.stringify(value)) changed.items.add(number);
    state.items.set(number, value);
  }
  if (message.order) {
    state.order = message.order;
    const there = new Set(state.order);
    for (const number of state.items.keys()) if (!there.has(number)) state.items.delete(number);
    if (!there.has(state.selected)) state.selected = null;
    changed.order = true;
  }
  if (message.times) { state.times = new Map(numbered(message.times)); changed.times = true; spoken = null; }
  for (const [key, value] of Object.entries(message)) {
    if (["items", "order", "times"].includes(key)) continue;
    state[key] = value;
    changed.about ||= key !== "version";
  }
  for (const told of listeners) told(changed);
};

export const anew = async () => take(await get("state"), true);

export const select = (number, how = {}) => {
  const before = state.selected;
  state.selected = number;
  for (const told of listeners) told({ items: new Set(), selected: true, before, ...how });
};

// Turns by time: the last to have started among those that still speak.
let spoken = null;
export const at = (seconds) => {
  spoken ||= state.order.filter((n) => isTurn(n) && state.times.has(n)).map((n) => [n, ...state.times.get(n)]).sort((a, b) => a[1] - b[1]);
  let low = 0, high = spoken.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spoken[middle][1] <= seconds) low = middle + 1; else high = middle;
  }
  for (let n = low - 1; n >= Math.max(0, low - 4); n--) if (seconds < spoken[n][2]) return spoken[n][0];
  return null;
};

export const hue = (name) => {
  const names = Object.keys(state.cast);
  const place = names.indexOf(name);
  return `var(--s${(place < 0 ? 7 : place) % 8})`;
};
