"use strict";
const audio = document.querySelector("audio");
const turns = [...document.querySelectorAll(".turn")];
const starts = turns.map((turn) => Number(turn.dataset.start));
if (audio) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-at]");
    if (!link) return;
    event.preventDefault();
    audio.currentTime = Number(link.dataset.at);
    audio.play();
  });
  let now = -1;
  audio.addEventListener("timeupdate", () => {
    let at = starts.findIndex((start) => start > audio.currentTime + 0.05);
    at = (at < 0 ? starts.length : at) - 1;
    if (at === now) return;
    turns[now]?.classList.remove("now");
    turns[at]?.classList.add("now");
    now = at;
  });
}
