// The ring tone: made here, so that nothing has to be loaded. Browsers allow sound only after a gesture.

let context = null;
let timer = 0;

export function unlock() {
  context = context || new AudioContext();
  if (context.state === "suspended") context.resume();
}

function burst() {
  const start = context.currentTime;
  for (const [pitch, at] of [[660, 0], [880, 0.18], [660, 0.5], [880, 0.68]]) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start + at);
    volume.gain.linearRampToValueAtTime(0.16, start + at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + at + 0.17);
    tone.connect(volume).connect(context.destination);
    tone.start(start + at);
    tone.stop(start + at + 0.2);
  }
}

export const canSound = () => Boolean(context && context.state === "running");

export function ring(wanted) {
  if (!wanted || !canSound()) {
    clearInterval(timer);
    timer = 0;
    return;
  }
  if (timer) return;
  burst();
  timer = setInterval(burst, 2500);
}
