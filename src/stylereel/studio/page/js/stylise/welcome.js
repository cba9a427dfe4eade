// What is seen before there is anything to stylise.

import { el } from "../parts/el.js";
import { dropzone } from "../parts/dropzone.js";
import { button } from "../parts/button.js";
import { icon } from "../parts/icon.js";
import { progress } from "../parts/progress.js";
import { bytes, plural } from "../parts/format.js";
import { ACCEPT } from "./library.js";
import { uploadText } from "../uploads.js";

const STEPS = [
  ["upload", "Give a video or a picture", "It is copied into the studio's folder on this machine."],
  ["brush", "Choose a look", "Every look is shown on your own footage; adjust it and compare it with the source."],
  ["download", "Export", "The whole clip with its sound, as a job that goes on when this page is closed."],
];

/** The first sight. `onFiles(files)`; `draw(uploads)` shows what is being sent. */
export function welcome({ shell, onFiles }) {
  const { about } = shell.state;
  const days = about.limits.keep_days;
  const note = el("p", { class: "meta welcome-note" }, icon("shield", 16),
    el("span", {}, "Kept in ", el("code", {}, about.folder), ` and removed after ${plural(days, "day")}. Nothing leaves this machine. `, el("a", { href: "#/privacy" }, "What lies where")));
  const zone = dropzone({
    title: "Drop a video or a picture here", accept: ACCEPT, onFiles, note,
    text: `MP4, MOV, MKV, WebM, AVI, GIF, JPEG, PNG, WebP and more, up to ${bytes(about.limits.upload_bytes)} each.`,
  });
  const name = el("h2", { class: "cut" });
  const text = el("p", { class: "muted", role: "status" });
  const bar = progress({ label: "Upload" });
  const cancel = button({ label: "Cancel", icon: "close" });
  const sending = el("div", { class: "dropzone large sending-large", hidden: true }, el("span", { class: "dropzone-icon" }, icon("upload", 28)), name, bar, text, cancel);
  let one = null;
  cancel.addEventListener("click", () => one?.cancel());
  const steps = el("ol", { class: "steps" }, STEPS.map(([sign, title, more], index) =>
    el("li", {}, el("span", { class: "step-icon" }, icon(sign)), el("div", {}, el("h3", {}, `${index + 1}. ${title}`), el("p", { class: "meta" }, more)))));
  const node = el("div", { class: "welcome" }, zone, sending, steps);
  node.draw = (list) => {
    one = list[0] ?? null;
    sending.hidden = !one;
    zone.hidden = Boolean(one);
    if (!one) return;
    name.textContent = one.file.name;
    text.textContent = uploadText(one);
    bar.fraction = one.isChecking ? null : one.sent / one.total;
    bar.label = `Upload of ${one.file.name}`;
    cancel.disabled = one.isChecking;
  };
  return node;
}
