// What sounds is marked: the turn, and in it the word where it is known when each is said.
import { make } from "../shared/shared.js";
import { from } from "./acts.js";
import { get } from "./api.js";
import { row } from "./list.js";
import { player, rewind, time } from "./player.js";
import { at, item, state } from "./state.js";
import { caret, dirty } from "./texts.js";

const $ = (id) => document.getElementById(id);
// The words of a clip as [from, to] in its text, and [start, end] in seconds of it.
const known = new Map(), MOST_KEPT = 500;
const ink = globalThis.Highlight ? new Highlight() : null;
if (ink) CSS.highlights.set("sounding", ink);

const placed = (text, words) => {
  let reached = 0;
  return words.flatMap(([word, start, end]) => {
    const first = text.indexOf(word, reached);
    if (first < 0) return [];
    reached = first + word.length;
    return [{ first, last: reached, start, end }];
  });
};

const wordsOf = async (number) => {
  const { clip, says, state: how } = item(number) || {};
  if (how !== "spoken" || dirty(number)) return [];
  if (!known.has(clip)) {
    known.set(clip, []);
    const { words } = await get(`words/${number}`).catch(() => ({ words: [] }));
    known.set(clip, placed(says.text || "", words));
    if (known.size > MOST_KEPT) known.delete(known.keys().next().value);
  }
  return known.get(clip);
};
// What was not heard before may have been since.
player.listeners.push(() => { for (const [clip, words] of known) if (!words.length) known.delete(clip); });

const wordAt = (number, seconds) => {
  wordsOf(number);
  if (dirty(number)) return undefined;
  return known.get(item(number)?.clip)?.findLast((one) => one.start <= seconds);
};

let marked = null, word = null;
const markWord = (there, found) => {
  if (found === word && marked === there) return;
  word = found;
  ink?.clear();
  const node = found && there.querySelector(".text")?.firstChild;
  if (!ink || node?.nodeType !== Node.TEXT_NODE || node.length < found.last) return;
  const range = new Range();
  range.setStart(node, found.first);
  range.setEnd(node, found.last);
  ink.add(range);
};

// The page goes along with what sounds, unless its reader looks or writes elsewhere.
const still = matchMedia("(prefers-reduced-motion: reduce)");
const inView = (node) => {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};
const follow = (there) => {
  if ((marked && !inView(marked)) || document.activeElement?.isContentEditable) return;
  const { top, bottom } = there.getBoundingClientRect(), free = $("top").offsetHeight;
  if (top < free || bottom > innerHeight - 80) there.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
};

// Marks what sounds at a time of the episode; the number of its turn.
export const mark = (now) => {
  const taken = player.what.startsWith("take");
  const number = player.what === "turn" || taken ? player.number : at(now);
  const there = player.playing && number !== null ? row(number) : null, times = state.times.get(number);
  markWord(there, there && times && !taken ? wordAt(number, now - times[0]) : undefined);
  if (there !== marked) {
    if (there && player.what === "episode") follow(there);
    marked?.classList.remove("now", "by-word");
    there?.classList.add("now");
    marked = there;
    $("now").replaceChildren(...(there && item(number) ? [make("b", "", item(number).name), item(number).says.text || ""] : []));
  }
  there?.classList.toggle("by-word", Boolean(word && ink));
  const bar = there?.querySelector(".wave");
  if (bar && times) bar.style.setProperty("--at", `${Math.max(0, Math.min(100, (100 * (now - times[0])) / (times[1] - times[0])))}%`);
  return number;
};

export const seek = (seconds, play) => { if (play || player.playing) from(seconds); else rewind(seconds); };

// A click on a word goes there; where no words are known, it goes to the turn unless that sounds.
$("list").addEventListener("click", async (event) => {
  const text = event.target.closest("li.turn .text"), selection = getSelection();
  if (!text || !selection.isCollapsed || event.detail > 1) return;
  const number = Number(text.closest("li").dataset.number), times = state.times.get(number), place = caret(text);
  if (!times || place === null) return;
  const found = (await wordsOf(number)).findLast((one) => one.first <= place);
  if (found) return seek(times[0] + found.start);
  if (!player.playing || at(time()) !== number) seek(times[0]);
});
