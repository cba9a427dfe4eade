// The page of `stylereel live --output page`: shows the newest picture, says how the run goes, changes look and sliders.
// Each picture is answered with "seen", so that the run never sends more than this browser has time for.

import { api } from "./api.js";
import { el } from "./parts/el.js";
import { button } from "./parts/button.js";
import { select } from "./parts/choices.js";
import { empty } from "./parts/empty.js";
import { lookPart } from "./live/panel.js";

const HEADER_BYTES = 16;
const WAITS_MS = [500, 1000, 2000, 4000];
const WINDOW_MS = 3000;
const QUIET_MS = 800;

const root = document.getElementById("view");
const canvas = el("canvas", { width: 640, height: 360, role: "img", "aria-label": "The live picture" });
const pen = canvas.getContext("2d", { alpha: false });
const picture = el("div", { class: "live-picture" }, canvas);
const message = el("div", { class: "live-message", role: "status" });
const chip = el("p", { class: "live-chip", hidden: true, role: "status" });
const stage = el("div", { class: "live-stage" }, picture, message, chip);
const figures = Object.fromEntries(["shown", "painted", "latency", "dropped", "size"].map((name) => [name, el("dd", {}, "–")]));
const meter = el("dl", { class: "live-meter", "aria-label": "How it goes" }, [["Shown a second", "shown"], ["Painted a second", "painted"], ["Latency", "latency"], ["Dropped", "dropped"], ["Painted at", "size"]].map(([word, name]) => el("div", {}, el("dt", {}, word), figures[name])));
const shot = button({ label: "Snapshot", icon: "picture", disabled: true, onclick: () => snapshot() });
const chooser = select({ label: "Look", onChange: (id) => choose(id) });
const outputs = el("ul", { class: "watch-outputs" });
const now = { look: null, mix: null, share: 0.5, strength: 1, keep_colors: false, stabilize: 0 };
const painting = lookPart({ values: now, onInput: (changed) => change(changed) });
root.replaceChildren(
  el("h1", { class: "unseen" }, "Stylereel live"),
  el("section", { class: "watch-main" }, stage, el("div", { class: "live-bar" }, meter, shot)),
  el("aside", { class: "watch-side", "aria-label": "Settings" }, chooser, painting, el("h3", {}, "Outputs"), outputs));

let looks = [], socket = null, tries = 0, touched = 0, wanted = null, timer = 0;
const times = [];

const known = (id) => looks.find((one) => one.id === id);

function say(title, text, isWaiting = false) {
  message.hidden = !title;
  message.replaceChildren(...(title ? [empty({ icon: isWaiting ? "clock" : "warning", title, text })] : []));
}

function open() {
  const mine = socket = new WebSocket(api.socket("watch"));
  mine.binaryType = "arraybuffer";
  mine.addEventListener("open", () => {
    tries = 0;
    say("Waiting for the first picture", "It comes when the source gives one.", true);
  });
  mine.addEventListener("message", (event) => (typeof event.data === "string" ? text(JSON.parse(event.data)) : show(event.data)));
  mine.addEventListener("close", () => {
    if (mine !== socket) return;
    say("The run has ended, or does not answer", "This page tries again by itself. Start it again in the terminal: stylereel live --output page");
    shot.disabled = true;
    setTimeout(open, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
    tries += 1;
  });
}

async function show(data) {
  try {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(data, HEADER_BYTES)], { type: "image/jpeg" }));
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      picture.style.setProperty("--ratio", String(bitmap.width / bitmap.height));
      stage.style.setProperty("--stage-ratio", String(bitmap.width / bitmap.height));
    }
    pen.drawImage(bitmap, 0, 0);
    bitmap.close();
    if (!message.hidden) say(null);
    shot.disabled = false;
    times.push(performance.now());
  } finally {
    if (socket?.readyState === WebSocket.OPEN) socket.send("seen");
  }
}

function text({ status, error }) {
  if (error) {
    chip.hidden = false;
    chip.textContent = [error.text, error.hint].filter(Boolean).join(" ");
    setTimeout(() => { chip.hidden = true; }, 8000);
  }
  if (!status?.style) return;
  const oldest = performance.now() - WINDOW_MS;
  while (times.length && times[0] < oldest) times.shift();
  const span = times.length > 1 ? times[times.length - 1] - times[0] : 0;
  figures.shown.textContent = span ? ((1000 * (times.length - 1)) / span).toFixed(0) : "–";
  figures.painted.textContent = status.fps_out.toFixed(0);
  figures.latency.textContent = status.latency_p50_ms === null ? "–" : `${Math.round(status.latency_p50_ms)} ms`;
  figures.latency.title = status.latency_p95_ms === null ? "" : `From the source to having been given to the outputs; 95 % within ${Math.round(status.latency_p95_ms)} ms`;
  figures.dropped.textContent = String(status.dropped);
  figures.size.textContent = `${status.network_width} × ${status.network_height}`;
  outputs.replaceChildren(...status.outputs.map((one) => el("li", {}, el("span", { class: "cut", title: one.reason || one.name }, one.name), el("span", {}, one.state))));
  if (status.loading) {
    chip.hidden = false;
    chip.textContent = `Loading ${known(status.loading)?.title ?? status.loading}`;
  } else if (chip.textContent.startsWith("Loading")) chip.hidden = true;
  if (performance.now() - touched > QUIET_MS) follow(status);
}

// What another page, a key or the control socket has changed is shown here as well.
function follow(status) {
  const style = status.loading ?? status.style;
  const look = known(style) ? style : style.split("*")[0];
  const before = JSON.stringify(now);
  Object.assign(now, { look, mix: style === look ? null : status.mix, strength: status.strength, keep_colors: status.keep_colors, stabilize: status.stabilize });
  if (JSON.stringify(now) !== before) painting.draw(known(look), looks, now); // never while a list stands open for nothing
  if (chooser.value !== look) chooser.value = look;
}

function change(changed) {
  touched = performance.now();
  Object.assign(now, changed);
  const isLook = ["look", "mix", "share"].some((name) => name in changed);
  wanted = { ...wanted, ...changed, ...(isLook ? { look: now.look, mix: now.mix, share: now.mix ? now.share : 0 } : {}) };
  timer ||= setTimeout(() => {
    timer = 0;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ set: wanted }));
    wanted = null;
  }, 40);
}

function choose(id) {
  if (known(id)?.pack !== known(now.look)?.pack || now.mix === id) now.mix = null;
  change({ look: id });
  painting.draw(known(id), looks, now);
}

function snapshot() {
  canvas.toBlob((blob) => {
    const url = URL.createObjectURL(blob);
    el("a", { href: url, download: `stylereel-live-${Date.now()}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }, "image/png");
}

try {
  looks = await api.looks();
  chooser.options = looks.map((one) => ({ value: one.id, label: one.mixes ? `${one.title} (${one.pack})` : one.title }));
  painting.draw(null, looks, now);
} catch (error) {
  say(error.message, error.hint);
}
open();
