// Earlier uploads beside the picture, and the uploads under way.

import { api } from "../api.js";
import { el, property } from "../parts/el.js";
import { button } from "../parts/button.js";
import { icon } from "../parts/icon.js";
import { progress } from "../parts/progress.js";
import { takesDrops } from "../parts/dropzone.js";
import { bytes, clock, duration } from "../parts/format.js";
import { uploads } from "./choice.js";

export const ACCEPT = "video/*,image/*,.mkv,.avi,.mts,.m2ts,.ts,.webm,.gif,.exr,.tif,.tiff";

/** The list. `onOpen(medium)`; `.add(files)` uploads; `draw(currentId)`; `.isUploading`; `.onUploads` is told of changes. */
export function library({ shell, onOpen }) {
  const input = el("input", { type: "file", accept: ACCEPT, multiple: true, class: "unseen", tabIndex: -1, "aria-label": "Choose files", onchange: () => {
    const files = [...input.files];
    input.value = "";
    add(files);
  } });
  const more = el("button", { type: "button", class: "bin-add", onclick: () => input.click(), title: "Add a video or a picture" }, icon("plus", 20), el("span", {}, "Add"));
  const list = el("ul", { class: "bin-list" });
  const node = el("nav", { class: "bin", "aria-label": "Your files" }, more, input, list);
  const sending = new Map();
  let current = "";

  async function send(file, opens) {
    const limit = shell.state.about.limits.upload_bytes;
    if (file.size > limit) {
      shell.toast(`"${file.name}" has ${bytes(file.size)}; this studio takes up to ${bytes(limit)}.`, "error", { hint: "Cut it, or start the studio with a larger --max-upload." });
      return;
    }
    const began = performance.now();
    const mine = Symbol(file.name);
    const one = { file, sent: 0, total: file.size, isChecking: false, left: null, card: uploadItem(file) };
    const { done, cancel } = shell.upload(file, (sent, total) => {
      Object.assign(one, { sent, total, isChecking: sent >= total, left: ((performance.now() - began) / 1000) * (total / Math.max(1, sent) - 1) });
      one.card.show(one);
      node.onUploads?.();
    });
    one.cancel = cancel;
    one.card.cancel.addEventListener("click", cancel);
    sending.set(mine, one);
    draw();
    try {
      const medium = await done;
      sending.delete(mine);
      if (opens || !current) onOpen(medium);
    } catch (error) {
      sending.delete(mine);
      shell.fail(error);
    }
    draw();
  }
  // One after another: each is there, and can be worked with, before the next one is whole.
  let queue = Promise.resolve();
  function add(files) {
    files.forEach((file, index) => { queue = queue.then(() => send(file, index === 0)); });
  }

  function draw(id = current) {
    current = id;
    const had = list.contains(document.activeElement) ? document.activeElement.dataset.media : null;
    list.replaceChildren(...[...sending.values()].map((one) => one.card), ...uploads(shell.state.media).map((medium) => item(medium)));
    if (had) list.querySelector(`[data-media="${had}"]`)?.focus();
    node.onUploads?.();
  }
  const shown = new Map();
  function item(medium) {
    if (!shown.has(medium.id)) shown.set(medium.id, fileItem(medium, () => onOpen(medium), () => remove(medium)));
    const one = shown.get(medium.id);
    const isCurrent = medium.id === current;
    one.querySelector(".bin-open").setAttribute("aria-current", String(isCurrent));
    return one;
  }
  async function remove(medium) {
    const sure = await shell.confirm(`"${medium.name}" is removed from the studio's folder. Your own copy and finished exports stay.`, { title: "Delete this upload?", yes: "Delete", danger: true });
    if (!sure) return;
    try {
      await shell.api.remove(medium.id);
      await shell.state.readMedia();
    } catch (error) {
      shell.fail(error, "It was not deleted.");
    }
  }
  takesDrops(node, add);
  property(node, "uploading", () => [...sending.values()]);
  const end = shell.state.subscribe("media", () => draw());
  return Object.assign(node, {
    add, draw, remove,
    choose: () => input.click(),
    close() {
      end();
      for (const one of sending.values()) one.cancel();
    },
  });
}

function fileItem(medium, open, remove) {
  const img = el("img", { alt: "", onerror: () => { img.hidden = true; } });
  fetchThumb(medium, img);
  return el("li", { class: "bin-item" },
    el("button", { type: "button", class: "bin-open", onclick: open, title: medium.name, data: { media: medium.id }, "aria-label": `${medium.name}, ${medium.kind === "picture" ? "picture" : clock(medium.seconds ?? 0, 0)}` },
      el("span", { class: "bin-picture" }, img, el("span", { class: "card-note" }, medium.kind === "picture" ? icon("picture", 14) : clock(medium.seconds ?? 0, 0))),
      el("span", { class: "bin-name cut" }, medium.name)),
    button({ label: `Delete ${medium.name}`, icon: "trash", only: true, small: true, kind: "glass", onclick: remove }));
}


function fetchThumb(medium, img) {
  img.src = api.frame(medium.id, medium.kind === "picture" ? 0 : Math.min(1, (medium.seconds ?? 0) / 2), 200);
}

function uploadItem(file) {
  const bar = progress({ label: `Upload of ${file.name}`, fraction: 0 });
  const text = el("span", { class: "meta" });
  const cancel = button({ label: `Cancel the upload of ${file.name}`, icon: "close", only: true, small: true, kind: "glass" });
  const node = el("li", { class: "bin-item sending" },
    el("div", { class: "bin-picture" }, el("div", { class: "sending-text" }, text, bar)), el("span", { class: "bin-name cut" }, file.name), cancel);
  node.cancel = cancel;
  node.show = (one) => {
    bar.fraction = one.isChecking ? null : one.sent / one.total;
    text.textContent = one.isChecking ? "Checking" : `${Math.round((100 * one.sent) / one.total)} %`;
  };
  return node;
}

/** "12 of 48 MB, 8 s left". */
export function uploadText(one) {
  if (one.isChecking) return "Sent. It is being checked by decoding it.";
  const left = one.left !== null && Number.isFinite(one.left) && one.sent > 0 ? `, ${duration(one.left)} left` : "";
  return `${bytes(one.sent)} of ${bytes(one.total)}${left}`;
}
