// Earlier uploads beside the picture, and the uploads under way.

import { api } from "../api.js";
import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { icon } from "../parts/icon.js";
import { progress } from "../parts/progress.js";
import { clock } from "../parts/format.js";
import { onSending, send, sending } from "../uploads.js";
import { uploads } from "./choice.js";

export const ACCEPT = "video/*,image/*,.mkv,.avi,.mts,.m2ts,.ts,.webm,.gif,.exr,.tif,.tiff";

/** The list. `onOpen(medium)`; `.add(files)` uploads; `draw(currentId)`; `.onUploads` is told of changes. */
export function library({ shell, onOpen }) {
  const input = el("input", { type: "file", accept: ACCEPT, multiple: true, class: "unseen", tabIndex: -1, "aria-label": "Choose files", onchange: () => {
    const files = [...input.files];
    input.value = "";
    add(files);
  } });
  const more = el("button", { type: "button", class: "bin-add", onclick: () => input.click(), title: "Add a video or a picture" }, icon("plus", 20), el("span", {}, "Add"));
  const list = el("ul", { class: "bin-list" });
  const node = el("nav", { class: "bin", "aria-label": "Your files" }, more, input, list);
  const items = new Map();
  let current = "";
  const add = (files) => send(files, shell);

  function draw(id = current) {
    current = id;
    const had = list.contains(document.activeElement) ? document.activeElement.dataset.media : null;
    list.replaceChildren(...sending().map((one) => sendingItem(one)), ...uploads(shell.state).map((medium) => item(medium)));
    if (had) list.querySelector(`[data-media="${had}"]`)?.focus();
    node.onUploads?.();
  }
  const sendingItem = (one) => {
    if (!items.has(one)) items.set(one, uploadItem(one));
    items.get(one).show(one);
    return items.get(one);
  };
  const follow = (one, medium) => {
    if (sending().includes(one) && items.has(one)) {
      sendingItem(one);
      node.onUploads?.();
      return;
    }
    if (medium && (one.isFirst || !current)) onOpen(medium);
    draw();
  };
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
  const ends = [shell.state.subscribe("media", () => draw()), onSending(follow)];
  return Object.assign(node, {
    add, draw, remove,
    choose: () => input.click(),
    close() { ends.forEach((end) => end()); },
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

function uploadItem({ file, cancel: stop }) {
  const bar = progress({ label: `Upload of ${file.name}`, fraction: 0 });
  const text = el("span", { class: "meta" });
  const cancel = button({ label: `Cancel the upload of ${file.name}`, icon: "close", only: true, small: true, kind: "glass", onclick: stop });
  const node = el("li", { class: "bin-item sending" },
    el("div", { class: "bin-picture" }, el("div", { class: "sending-text" }, text, bar)), el("span", { class: "bin-name cut" }, file.name), cancel);
  node.show = (one) => {
    bar.fraction = one.isChecking ? null : one.sent / one.total;
    text.textContent = one.isChecking ? "Checking" : `${Math.round((100 * one.sent) / one.total)} %`;
  };
  return node;
}
