// Under the picture: the loop, the scrubber with its time, and what is seen (before, both, after).

import { el, property } from "../parts/el.js";
import { button } from "../parts/button.js";
import { segmented } from "../parts/choices.js";
import { clock } from "../parts/format.js";

/**
 * `onTime(t)`, `onView(share)`, `onLoop()`, `onSound()`. `show(medium)`, `.time`, `.view`, `.range = [from, to]`,
 * `.loop = {state: "idle" | "waiting" | "playing", fraction}`, `.sound = true | false | null`.
 */
export function transport({ onTime, onView, onLoop, onSound }) {
  const play = button({ label: "Play 3 s", icon: "play", onclick: onLoop, title: "Paint three seconds from here and play them" });
  play.classList.add("loop-button");
  const sound = button({ label: "Sound on", icon: "mute", only: true, kind: "quiet", onclick: onSound, hidden: true });
  const scrub = el("input", { type: "range", min: "0", step: "any", value: "0", class: "scrub-input", "aria-label": "Time", title: "Arrow keys: one frame; Page up and down: one second" });
  const span = el("i", { class: "scrub-span", hidden: true });
  const time = el("output", { class: "scrub-time" });
  const total = el("span", { class: "scrub-total" });
  const frame = el("span", { class: "scrub-frame" });
  const scrubber = el("div", { class: "scrub" }, el("div", { class: "scrub-track" }, span, scrub), el("div", { class: "scrub-times" }, time, frame, total));
  const view = segmented({ label: "What is seen", options: [{ value: "1", label: "Before" }, { value: "0.5", label: "Split" }, { value: "0", label: "After" }], onChange: (value) => onView(Number(value)) });
  const node = el("div", { class: "transport" }, play, sound, scrubber, view);
  let medium = null;
  let isPicture = false;

  const step = () => 1 / (medium?.frame_rate || 25);
  const last = () => Math.max(0, (medium?.seconds || 0) - step() / 2);
  const draw = (t) => {
    const end = Number(scrub.max) || 1;
    time.textContent = clock(t);
    total.textContent = clock(medium?.seconds || 0);
    const number = Math.min(medium?.frames || 1, Math.floor(t / step() + 1e-3) + 1);
    frame.textContent = medium ? `Frame ${number.toLocaleString("en-GB")} of ${(medium.frames || 1).toLocaleString("en-GB")}` : "";
    scrub.setAttribute("aria-valuetext", `${clock(t)} of ${clock(medium?.seconds || 0)}`);
    scrub.style.setProperty("--fill", `${(100 * t) / end}%`);
  };
  const go = (t) => {
    const to = Math.max(0, Math.min(last(), t));
    scrub.value = String(to);
    draw(to);
    onTime(to);
  };
  scrub.addEventListener("input", () => go(Number(scrub.value)));
  scrub.addEventListener("keydown", (event) => {
    const t = Number(scrub.value);
    const to = { ArrowRight: t + step(), ArrowUp: t + step(), ArrowLeft: t - step(), ArrowDown: t - step(), PageUp: t + 1, PageDown: t - 1, Home: 0, End: last() }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  });
  property(node, "time", () => Number(scrub.value), (t) => {
    scrub.value = String(t);
    draw(t);
  });
  property(node, "view", () => Number(view.value), (share) => { view.value = share > 0.995 ? "1" : share < 0.005 ? "0" : "0.5"; });
  property(node, "range", () => null, ([from, to]) => {
    const end = medium?.seconds || 1;
    span.hidden = isPicture || (from === null && to === null);
    span.style.setProperty("--from", `${(100 * (from ?? 0)) / end}%`);
    span.style.setProperty("--to", `${100 - (100 * (to ?? end)) / end}%`);
  });
  property(node, "loop", () => null, ({ state, fraction = null }) => {
    play.dataset.state = state;
    play.icon = { idle: "play", waiting: "close", playing: "stop" }[state];
    play.label = { idle: "Play 3 s", waiting: fraction === null ? "Painting" : `Painting ${Math.round(100 * fraction)} %`, playing: "Stop" }[state];
    play.title = { idle: "Paint three seconds from here and play them", waiting: "Cancel", playing: "Back to the frame" }[state];
    play.setAttribute("aria-label", state === "waiting" ? `${play.label}, cancel` : play.label);
    view.disabled = state === "playing";
    play.style.setProperty("--done", `${100 * (fraction ?? 0)}%`);
  });
  property(node, "sound", () => null, (on) => {
    sound.hidden = on === null;
    sound.icon = on ? "sound" : "mute";
    sound.label = on ? "Sound off" : "Sound on";
  });
  node.show = (next) => {
    medium = next;
    isPicture = next.kind === "picture";
    node.classList.toggle("still", isPicture);
    for (const part of [play, scrubber]) part.hidden = isPicture;
    scrub.max = String(last());
    draw(0);
  };
  node.loop = { state: "idle" };
  return node;
}

/** "1280 × 720 · 29.97 frames a second · 0:09.68 · sound" */
export function facts(medium) {
  const size = `${medium.width} × ${medium.height}`;
  if (medium.kind === "picture") return [size, "picture"];
  return [size, `${Math.round((medium.frame_rate ?? 0) * 100) / 100} fps`, clock(medium.seconds ?? 0, 1), medium.has_sound ? "sound" : "no sound"];
}
