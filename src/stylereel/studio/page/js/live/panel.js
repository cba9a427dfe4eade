// The settings of the live view: where frames come from, how they are painted, what is recorded.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { segmented, select, toggle } from "../parts/choices.js";
import { percent, slider } from "../parts/slider.js";
import { tabs } from "../parts/tabs.js";

export const SIDES = [480, 640, 854];

/** The part that says where frames come from. `.draw({cameras, films, source})`, `.values`. */
export function sourcePart({ values, onKind, onDevice, onFilm, onSide, onMirror, onUpload }) {
  const kind = segmented({ label: "Source", value: values.kind, options: [{ value: "camera", label: "Camera" }, { value: "film", label: "Video" }], onChange: onKind });
  const device = select({ label: "Camera", options: [], onChange: onDevice });
  const film = select({ label: "Video", options: [], onChange: onFilm });
  const picker = el("input", { type: "file", accept: "video/*", hidden: true, onchange: () => {
    if (picker.files[0]) onUpload(picker.files[0]);
    picker.value = "";
  } });
  const add = button({ label: "Add a video", icon: "upload", onclick: () => picker.click() });
  const side = select({ label: "Size", value: String(values.side), options: SIDES.map((one) => ({ value: one, label: `${one} × ${Math.round((one * 9) / 32) * 2}` })), onChange: (next) => onSide(Number(next)), hint: "Larger shows finer strokes and takes more of the machine." });
  const mirror = toggle({ label: "Mirror", value: values.mirror, hint: "As a looking glass shows you.", onChange: onMirror });
  const node = el("div", { class: "live-fields" }, kind, device, film, add, picker, side, mirror);
  node.draw = ({ now, cameras, films, medium, isBusy }) => {
    kind.value = now;
    device.hidden = now !== "camera";
    film.hidden = add.hidden = now !== "film";
    mirror.hidden = now !== "camera";
    device.options = cameras.length ? cameras : [{ value: "", label: "Asked for when you start" }];
    device.disabled = cameras.length < 2;
    film.options = films.length ? films.map((one) => ({ value: one.id, label: one.name })) : [{ value: "", label: "No video in the library yet" }];
    film.disabled = !films.length;
    film.value = medium ?? films[0]?.id ?? "";
    add.busy = isBusy;
  };
  node.device = device;
  return node;
}

/** The part that says how frames are painted. `.draw(look, looks)`. */
export function lookPart({ values, onInput }) {
  const facts = el("div", { class: "live-facts" });
  const strength = slider({ label: "Strength", value: values.strength, reset: 1, format: percent, onInput: (value) => onInput({ strength: value }) });
  const mix = select({ label: "Mix with", onChange: (value) => {
    share.disabled = !value;
    onInput({ mix: value || null, share: share.value });
  } });
  const share = slider({ label: "Share of the second look", value: values.share, reset: 0.5, format: percent, onInput: (value) => onInput({ share: value }) });
  const stabilize = slider({ label: "Stabilise", value: values.stabilize, reset: 0, format: (value) => (value ? percent(value) : "Off"), hint: "Each frame leans on the one before; 70 % calms strong strokes.", onInput: (value) => onInput({ stabilize: value }) });
  const colors = toggle({ label: "Keep colours", value: values.keep_colors, hint: "Light and strokes of the look, colours of the camera.", onChange: (value) => onInput({ keep_colors: value }) });
  const node = el("div", { class: "live-fields" }, facts, strength, mix, share, colors, stabilize);
  node.draw = (look, looks, now) => {
    const others = look?.mixes ? looks.filter((one) => one.mixes && one.pack === look.pack && one.id !== look.id) : [];
    facts.replaceChildren(el("h2", {}, look?.title ?? "No look"), el("p", { class: "meta" }, look?.description ?? ""));
    mix.hidden = share.hidden = !others.length;
    mix.options = [{ value: "", label: "Nothing" }, ...others.map((one) => ({ value: one.id, label: one.title }))];
    mix.value = now.mix ?? "";
    share.disabled = !now.mix;
    strength.value = now.strength;
    stabilize.value = now.stabilize;
    colors.value = now.keep_colors;
  };
  return node;
}

/** The part about recordings. `.draw({kind, hasSound, microphones})`, `.sound`, `.microphone`, `.list(recordings)`. */
export function recordPart({ onKeep, onForget }) {
  const sound = select({ label: "Sound", options: [], onChange: () => show(), hint: "It is held back by as much as the picture is late, so that both are in step." });
  const microphone = select({ label: "Microphone", options: [] });
  const list = el("ul", { class: "live-recordings" });
  const none = el("p", { class: "meta" }, "Nothing is recorded yet. The record button below the picture records what is seen there; here it can be listened to, downloaded or kept in the library.");
  const node = el("div", { class: "live-fields" }, sound, microphone, el("h3", {}, "Recordings"), none, list);
  let chosen = false;
  sound.addEventListener("change", () => { chosen = true; });
  const show = () => { microphone.hidden = sound.value !== "microphone" || microphone.options.length < 2; };
  node.draw = ({ kind, hasSound, microphones }) => {
    sound.options = [
      ...(kind === "film" ? (hasSound ? [{ value: "video", label: "Of the video" }] : []) : []),
      { value: "microphone", label: "Microphone" },
      { value: "none", label: "None" },
    ];
    if (!chosen || !sound.value) sound.value = kind === "camera" ? "microphone" : hasSound ? "video" : "none";
    microphone.options = microphones;
    show();
  };
  node.list = (recordings) => {
    none.hidden = recordings.length > 0;
    list.replaceChildren(...recordings.map((one) => el("li", { class: "live-recording" },
      el("video", { src: one.url, controls: true, preload: "metadata", "aria-label": one.name }),
      el("div", { class: "row" }, el("span", { class: "grow cut meta", title: one.name }, one.facts),
        button({ label: "Keep in the library", icon: "folder", only: true, small: true, kind: "quiet", disabled: one.isKept, onclick: () => onKeep(one) }),
        button({ label: "Delete this recording", icon: "trash", only: true, small: true, kind: "quiet", onclick: () => onForget(one) }),
        button({ label: "Download", icon: "download", small: true, href: one.url, download: one.name })))));
  };
  Object.defineProperties(node, { sound: { get: () => sound.value }, microphone: { get: () => microphone.value } });
  return node;
}

/** The panel at the right: its parts in tabs. */
export function panel(parts) {
  return el("aside", { class: "live-panel", "aria-label": "Settings" }, tabs({ label: "Settings", tabs: parts }));
}
