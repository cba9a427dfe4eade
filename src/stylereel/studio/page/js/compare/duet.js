// Two videos (or pictures) of one source under one wipe, played as one: one clock, one scrubber, frame by frame.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { clock } from "../parts/format.js";
import { wipe } from "../parts/wipe.js";

const SLACK = 0.6; // of a frame: further apart, the second is set anew
const PULL = 0.08; // how much quicker or slower it may run to come back

/** `show(left, right)` with {id, name, medium, start}: `start` is where in the source it begins. `close()`. */
export function duet({ shell }) {
  const { api } = shell;
  const box = el("div", { class: "duet-stage" });
  const play = button({ label: "Play", icon: "play", only: true, onclick: () => toggle() });
  const back = button({ label: "One frame back", icon: "left", only: true, kind: "quiet", onclick: () => step(-1) });
  const on = button({ label: "One frame on", icon: "right", only: true, kind: "quiet", onclick: () => step(1) });
  const scrub = el("input", { type: "range", min: "0", step: "any", value: "0", "aria-label": "Time", title: "Arrow keys: one frame; Page up and down: one second", oninput: () => seek(Number(scrub.value)) });
  const time = el("output", { class: "duet-time" });
  const frame = el("span", { class: "meta duet-frame" });
  const sound = button({ label: "Sound on", icon: "mute", only: true, kind: "quiet", hidden: true, onclick: () => mute(!muted) });
  const bar = el("div", { class: "duet-bar" }, play, back, on, el("div", { class: "duet-scrub grow" }, scrub, el("div", { class: "duet-times" }, time, frame)), sound);
  const node = el("section", { class: "duet", "aria-label": "Side by side" }, box, bar);
  let left = null;
  let right = null;
  let share = 0.5;
  let muted = true;
  let ticking = 0;
  let range = [0, 0]; // in the time of the source

  const rate = () => left?.medium.frame_rate || right?.medium.frame_rate || 25;
  const now = () => (left?.video ? left.video.currentTime + left.start : 0);

  function side(told) {
    if (told.medium.kind === "picture") return { ...told, video: null, node: el("img", { alt: told.name, src: api.file(told.id) }) };
    const failed = () => shell.toast(`This browser cannot play '${told.name}'.`, "error", { hint: "Export it as h264, vp9 or av1 to look at it here. Measuring works all the same." });
    const video = el("video", { src: api.file(told.id), muted: true, playsInline: true, preload: "auto", onerror: failed, "aria-label": told.name });
    video.addEventListener("ended", () => pause());
    return { ...told, video, node: video };
  }

  function show(first, second) {
    pause();
    const at = left ? now() : 0;
    [left, right] = [side(first), side(second)];
    const edge = wipe({ before: left.node, after: right.node, value: share, names: [first.name, second.name], label: `${first.name} at the left, ${second.name} at the right`, onChange: (next) => { share = next; } });
    box.style.setProperty("--ratio", String(first.medium.width / first.medium.height || 16 / 9));
    box.replaceChildren(edge);
    const isVideo = Boolean(left.video && right.video);
    bar.hidden = !isVideo;
    if (!isVideo) return;
    const seconds = (one) => one.medium.seconds ?? 0;
    range = [Math.max(left.start, right.start), Math.min(left.start + seconds(left), right.start + seconds(right))];
    scrub.min = String(range[0]);
    scrub.max = String(Math.max(range[0], range[1] - 0.5 / rate()));
    sound.hidden = !first.medium.has_sound;
    seek(Math.max(range[0], Math.min(Number(scrub.max), at)));
  }

  function draw(t) {
    const [from] = range;
    scrub.value = String(t);
    time.textContent = `${clock(t)} of ${clock(range[1])}`;
    frame.textContent = `Frame ${Math.floor((t - from) * rate() + 1e-3) + 1}`;
    scrub.setAttribute("aria-valuetext", time.textContent);
    scrub.style.setProperty("--fill", `${(100 * (t - from)) / (Number(scrub.max) - from || 1)}%`);
  }

  // The middle of a frame, so that both decoders choose the same one.
  function seek(t) {
    if (!left?.video) return;
    const to = Math.max(range[0], Math.min(Number(scrub.max), t));
    const middle = (Math.floor((to - range[0]) * rate() + 1e-3) + 0.5) / rate() + range[0];
    for (const one of [left, right]) one.video.currentTime = middle - one.start;
    draw(to);
  }

  function step(by) {
    pause();
    const at = Math.floor((now() - range[0]) * rate() + 1e-3) + by;
    seek(range[0] + at / rate());
  }

  function tick() {
    const t = now();
    draw(Math.min(t, Number(scrub.max)));
    const apart = right.video.currentTime + right.start - t;
    if (Math.abs(apart) > 5 / rate()) right.video.currentTime = t - right.start;
    right.video.playbackRate = Math.abs(apart) > SLACK / rate() ? 1 - Math.sign(apart) * PULL : 1;
    if (t >= range[1] - 0.5 / rate()) {
      seek(range[0]);
      start();
    } else ticking = requestAnimationFrame(tick);
  }

  async function start() {
    cancelAnimationFrame(ticking);
    try {
      await Promise.all([left.video.play(), right.video.play()]);
      play.icon = "pause";
      play.label = "Pause";
      ticking = requestAnimationFrame(tick);
    } catch { /* it was paused or replaced before it began */ }
  }

  function pause() {
    cancelAnimationFrame(ticking);
    if (!left?.video || !right?.video) return;
    const was = !left.video.paused;
    for (const one of [left, right]) one.video.pause();
    play.icon = "play";
    play.label = "Play";
    if (was) seek(now());
  }

  function toggle() {
    if (!left?.video) return;
    if (left.video.paused) start();
    else pause();
  }

  function mute(next) {
    muted = next;
    if (left?.video) left.video.muted = muted;
    sound.icon = muted ? "mute" : "sound";
    sound.label = muted ? "Sound on" : "Sound off";
  }

  scrub.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const to = { PageUp: now() + 1, PageDown: now() - 1, Home: range[0], End: Number(scrub.max) }[event.key];
    if (by === undefined && to === undefined) return;
    event.preventDefault();
    if (by !== undefined) step(by);
    else seek(to);
  });
  const keys = (event) => {
    if (event.target.closest("input, select, textarea, button, a, dialog, [role=slider]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { " ": toggle, ",": () => step(-1), ".": () => step(1) }[event.key];
    if (!act || bar.hidden) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", keys);
  node.show = show;
  node.close = () => {
    pause();
    document.removeEventListener("keydown", keys);
    for (const one of [left, right]) one?.video?.removeAttribute("src");
  };
  return node;
}
