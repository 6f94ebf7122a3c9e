// The page: its header, its timeline, and what the server tells as it happens.
import { clock, timeline } from "../shared/shared.js";
import * as acts from "./acts.js";
import { post, raw } from "./api.js";
import "./keys.js";
import { row } from "./list.js";
import { clear, failed, notice } from "./notice.js";
import "./panel.js";
import { player, stop, time } from "./player.js";
import { refresh } from "./row.js";
import { mark, seek } from "./sounding.js";
import { anew, item, listen, state, take } from "./state.js";
import { flush, onConflict, takeUp } from "./texts.js";
import "./words.js";

const $ = (id) => document.getElementById(id);

// The header.
const count = () => {
  let waiting = 0, busy = 0, wanted = 0, wrong = 0;
  for (const one of state.items.values()) {
    if (one.state === "waiting" || one.state === "wanted") waiting++;
    if (one.state === "wanted") wanted++;
    if (one.state === "speaking") busy++;
    if (one.wrong || one.state === "failed") wrong++;
  }
  const asked = wanted + busy;
  const parts = [];
  if (busy) parts.push("speaking…");
  if (waiting) parts.push(`${waiting} to be spoken`);
  if (wrong) parts.push(`${wrong} with a problem`);
  $("work").textContent = state.unread ? "reading the script…" : parts.join(" · ");
  $("speak").hidden = state.unread || (!waiting && !busy);
  $("speak").textContent = asked ? "Cancel" : "Speak all";
  $("speak").dataset.cancel = asked ? "yes" : "";
};

const about = () => {
  document.title = `${state.title}: podgen`;
  $("title").textContent = state.title;
  $("show").textContent = [state.show, state.file].filter(Boolean).join(" · ");
  for (const way of ["undo", "redo"]) {
    $(way).disabled = !state[way];
    $(way).title = state[way] ? `${way === "undo" ? "Undo" : "Redo"}: ${state[way]}` : "";
  }
  $("itself").checked = state.byItself;
  if (state.fault) notice("fault", `${state.file} was changed elsewhere and cannot be read: ${state.fault}`, [["Write it back as it is here", () => post("put-back").catch(failed)]], "bad");
  else clear("fault");
  const told = [...(state.problems || []).map((p) => [p.place, p.what, p.remedy].filter(Boolean).join("; "))];
  if (told.length) notice("problems", told.join("\n"), [], "bad"); else clear("problems");
};

$("undo").addEventListener("click", acts.undo);
$("redo").addEventListener("click", acts.redo);
$("speak").addEventListener("click", () => ($("speak").dataset.cancel ? post("cancel").catch(failed) : acts.speak(null)));
$("itself").addEventListener("change", () => post("by-itself", { on: $("itself").checked }).catch(failed));
$("render").addEventListener("click", async () => {
  await flush();
  post("render").then(rendering).catch(failed);
});

const rendering = (told) => {
  $("render").disabled = told.running;
  $("render").textContent = told.running ? `${told.step || "Rendering"}${told.done ? ` ${Math.round(100 * told.done)} %` : "…"}` : "Render episode";
  if (told.running || told.passed === undefined) return;
  const open = told.report ? [["Open the report", () => window.open(`report/${told.report}`, "_blank", "noopener")]] : [];
  if (told.passed) notice("render", "The episode is rendered and is what was asked.", open, "good");
  else notice("render", told.problems.map((p) => (p.remedy ? `${p.what}; ${p.remedy}` : p.what)).join("\n"), open, "bad");
};

// The timeline.
const line = timeline($("timeline"), { duration: () => state.duration || 1, time, seek, toggle: acts.playOrStop, redrawn: () => place() });
let drawing = 0;
const drawTimes = () => {
  clearTimeout(drawing);
  drawing = setTimeout(async () => {
    try {
      const reply = await raw("timeline");
      $("tracks").innerHTML = await reply.text();
      line.redraw();
      if (reply.headers.get("X-Whole") === "false") drawTimes();
    } catch { /* the next change asks again */ }
  }, 250);
};

const place = () => {
  const now = time();
  line.place(now);
  $("clock").textContent = `${clock(now)} / ${clock(state.duration || 0)}`;
  const number = mark(now);
  $("head").setAttribute("aria-valuetext", clock(now) + (number ? `, ${item(number)?.name}` : ""));
};
const follow = () => { place(); if (player.playing) requestAnimationFrame(follow); };
let heard = null;
player.listeners.push(() => {
  $("play").textContent = player.playing ? "■" : "▶";
  $("play").setAttribute("aria-label", player.playing ? "Stop" : "Play the episode");
  for (const number of new Set([heard, player.number])) if (number !== null && row(number)) refresh(row(number), number);
  heard = player.number;
  follow();
});
$("play").addEventListener("click", acts.playOrStop);

listen((changed) => {
  if (changed.about || changed.whole) { about(); place(); }
  if (changed.items.size || changed.order || changed.about) count();
  if (changed.times || changed.whole) drawTimes();
  acts.added(changed);
  if (changed.items.size) acts.arrived();
});
onConflict((number) => row(number) && refresh(row(number), number));

// The server.
const listening = () => {
  const events = new EventSource("events");
  let away = false;
  events.addEventListener("open", async () => {
    away = false;
    clear("away");
    try { await anew(); takeUp(); await flush(); } catch (error) { failed(error); }
  });
  events.addEventListener("change", (event) => {
    const told = JSON.parse(event.data);
    if (told.version === state.version + 1) take(told, false);
    else if (told.version > state.version) anew().catch(failed);
  });
  events.addEventListener("anew", () => anew().catch(failed));
  events.addEventListener("render", (event) => rendering(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    if (away) return;
    away = true;
    stop();
    notice("away", "The server is away. What you write is kept, and sent when it is back.", [], "bad");
    if (events.readyState === EventSource.CLOSED) setTimeout(listening, 1000);
  });
};
listening();
