"use strict";
// Evidence seeks its clip's player; one player at a time; a mark on the timeline leads to its card.
for (const card of document.querySelectorAll(".card")) {
  const video = card.querySelector("video");
  if (!video) continue;
  video.addEventListener("play", () => {
    for (const other of document.querySelectorAll("video")) if (other !== video) other.pause();
  });
  for (const button of card.querySelectorAll(".seek")) {
    button.addEventListener("click", () => {
      video.currentTime = Math.max(0, Number(button.dataset.at) - Number(card.dataset.start));
      video.play();
    });
  }
}
