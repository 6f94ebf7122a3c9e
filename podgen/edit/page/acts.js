// What can be done to the entry that is selected, by buttons and by keys alike.
import { change, get, post } from "./api.js";
import { failed, notice } from "./notice.js";
import { clip, hear, player, stop, time } from "./player.js";
import { isTurn, item, select, state, turnText } from "./state.js";
import { caret, flush, forget, send, written } from "./texts.js";

let waitingFor = null;

const tried = (work) => async (...given) => {
  try { return await work(...given); } catch (error) { failed(error); }
};

const neighbours = (number) => {
  const place = state.order.indexOf(number);
  return [state.order[place - 1] ?? null, state.order[place + 1] ?? null];
};

export const speak = tried(async (numbers) => { await flush(); await post("speak", { numbers }); });

// Spoken as it is written now; not only as it was before `old`, the clip that is to be replaced.
const ready = (number, old) => item(number)?.state === "spoken" && !item(number).mine && (!old || item(number).clip !== old);

// A turn that is not spoken yet is spoken first, and heard as soon as it is there.
const whenReady = tried(async (number, act, old = "") => {
  await send(number);
  if (ready(number, old)) return act();
  waitingFor = { number, act, old };
  stop();
  await post("speak", { numbers: [number] });
});

export const arrived = () => {
  if (!waitingFor) return;
  const there = item(waitingFor.number);
  if (ready(waitingFor.number, waitingFor.old)) { const { act } = waitingFor; waitingFor = null; act(); }
  else if (!there || there.state === "failed" || there.state === "wrong") waitingFor = null;
};

export const inContext = (number) => {
  if (player.playing && player.what === "context" && player.number === number) return stop();
  return whenReady(number, () => hear(`around=${number}`, state.rate, "context", number).catch(failed));
};

export const alone = (number) => {
  if (player.playing && player.what === "turn" && player.number === number) return stop();
  return whenReady(number, () => clip(`sound/turn/${number}`, state.rate, "turn", number, state.times.get(number)?.[0] || 0).catch(failed));
};

export const take = (number, which) => clip(`sound/turn/${number}?take=${which}`, state.rate, `take ${which}`, number).catch(failed);

export const from = (seconds) => hear(`from=${Math.max(0, seconds).toFixed(3)}`, state.rate, "episode").catch(failed);
export const fromHere = (number) => from(state.times.get(number)?.[0] ?? time());
export const playOrStop = () => (player.playing ? stop() : from(time() >= state.duration - 0.1 ? 0 : time()));

export const set = tried(async (number, path, value) => { await change({ op: "set", number, path, value }); });
export const rename = tried(async (number, name) => { await change({ op: "rename", number, name }); });

// The new entry is selected as soon as the server tells of it.
let coming = null;
export const added = (changed) => {
  if (!changed.order || coming === null || !item(coming.number)) return;
  const { number, edit } = coming;
  coming = null;
  select(number, { edit, scroll: true });
};
const expect = (number, edit) => { coming = { number, edit }; added({ order: true }); };

export const add = tried(async (after, name, value, edit = true) => {
  const { highest } = await change({ op: "add", after, name, value });
  expect(highest, edit);
});

export const addTurn = (after) => {
  const before = state.order.slice(0, state.order.indexOf(after) + 1).filter(isTurn).map((n) => item(n).name);
  const last = before.at(-1), other = before.findLast((name) => name !== last);
  return add(after, other || last || Object.keys(state.cast)[0] || "NAME", "…");
};

export const remove = tried(async (number) => {
  const [before, after] = neighbours(number);
  forget(number);
  await change({ op: "delete", number });
  select(after ?? before, { scroll: true });
});

export const move = tried(async (number, after) => { await change({ op: "move", number, after }); });
export const up = (number) => {
  const place = state.order.indexOf(number);
  return place > 0 && move(number, state.order[place - 2] ?? null);
};
export const down = (number) => {
  const place = state.order.indexOf(number);
  return place < state.order.length - 1 && move(number, state.order[place + 1]);
};

export const split = tried(async (number, place) => {
  const text = written(number), first = text.slice(0, place).trim(), second = text.slice(place).trim();
  if (!first || !second) return notice("split", "Put the cursor where the turn is to be split.");
  await send(number);
  forget(number);
  const { highest } = await change({ op: "split", number, first, second });
  expect(highest, { caret: 0 });
});

export const splitHere = (number) => {
  const node = document.querySelector(`#n${number} .text`);
  return split(number, (node && caret(node)) ?? 0);
};

export const join = tried(async (number) => {
  const [, next] = neighbours(number);
  await flush();
  if (next) forget(next);
  forget(number);
  const place = turnText(number).length;
  await change({ op: "join", number });
  select(number, { edit: { caret: place } });
});

const step = tried(async (way) => {
  await flush();
  const { label } = await post(way);
  if (label === null) notice("step", way === "undo" ? "Nothing to undo." : "Nothing to do again.");
});
export const undo = () => step("undo");
export const redo = () => step("redo");

export const takes = (number) => get(`takes/${number}`);
export const newTake = (number) => post("takes/new", { number });
export const pick = tried(async (number, which) => { await post("takes/pick", { number, take: which }); });

const HEARD_AT_LAST = 5000;

export const pronounce = tried(async (number, word, said, whole) => {
  await flush();
  const old = item(number).clip, act = () => hear(`around=${number}`, state.rate, "context", number).catch(failed);
  if (whole) await change({ op: "word", word, said });
  else await change({ op: "set", number, path: ["pronunciation", word], value: said });
  whenReady(number, act, old);
  // A way of saying it that sounds the same makes no other clip.
  setTimeout(() => { if (waitingFor?.act === act && ready(number)) { waitingFor = null; act(); } }, HEARD_AT_LAST);
});
