// A click on the time of a sentence plays the recording from there.
document.addEventListener("click", (event) => {
    const from = event.target.closest("button[data-from]");
    const player = from?.closest(".recording")?.querySelector("audio");
    if (!player) return;
    player.currentTime = Number(from.dataset.from);
    player.play();
});
