// What is seen: the painted frame alone, beside its source, or wiped over it, drawn into one canvas, so that a
// recording and a snapshot are what is seen.

import { el } from "../parts/el.js";
import { wipe } from "../parts/wipe.js";

/** {node, canvas, mode, draw(bitmap, source), clear(), held}; `held` keeps the canvas's size, whatever is drawn, for a recording. */
export function livePicture() {
  const canvas = el("canvas", { width: 640, height: 360, role: "img", "aria-label": "The live picture" });
  const pen = canvas.getContext("2d", { alpha: false, desynchronized: false });
  const edge = wipe({ before: el("span"), after: el("span"), label: "Edge between the camera and the look", names: ["Source", "Look"], onChange: () => again() });
  edge.classList.add("live-edge");
  const node = el("div", { class: "live-picture" }, canvas, edge);
  let mode = "alone";
  let last = false;
  let isHeld = false;

  const fit = (width, height) => {
    if (canvas.width === width && canvas.height === height) {
      pen.setTransform(1, 0, 0, 1, 0, 0);
      return;
    }
    if (!isHeld) {
      canvas.width = width;
      canvas.height = height;
      node.style.setProperty("--ratio", String(width / height));
      return;
    }
    const scale = Math.min(canvas.width / width, canvas.height / height);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(scale, 0, 0, scale, Math.round((canvas.width - width * scale) / 2), Math.round((canvas.height - height * scale) / 2));
  };
  const paint = (look, source) => {
    const [w, h] = [look.width, look.height];
    fit(mode === "beside" ? 2 * w : w, h);
    pen.drawImage(look, mode === "beside" ? w : 0, 0, w, h);
    if (mode === "beside") pen.drawImage(source, 0, 0, w, h);
    if (mode !== "wipe") return;
    const at = Math.round(w * edge.value);
    if (at > 0) pen.drawImage(source, 0, 0, at * (source.width / w), source.height, 0, 0, at, h);
    pen.fillStyle = "#fff";
    if (at > 0 && at < w) pen.fillRect(at - 1, 0, 2, h);
  };
  const keep = { look: document.createElement("canvas"), source: document.createElement("canvas") };
  const copy = (into, from) => {
    into.width = from.width;
    into.height = from.height;
    into.getContext("2d", { alpha: false }).drawImage(from, 0, 0);
  };
  const again = () => last && paint(keep.look, keep.source);
  edge.hidden = true;

  return {
    node, canvas,
    get mode() { return mode; },
    set mode(next) {
      mode = next;
      edge.hidden = next !== "wipe" || !last;
      again();
    },
    get held() { return isHeld; },
    set held(yes) {
      isHeld = yes;
      again();
    },
    draw(bitmap, source) {
      if (mode !== "alone" || !last) {
        copy(keep.look, bitmap);
        copy(keep.source, source);
      }
      last = true;
      edge.hidden = mode !== "wipe";
      paint(bitmap, source);
    },
    clear() {
      last = false;
      edge.hidden = true;
    },
  };
}

const pool = [];

/** A picture of a video at a size, cut to its shape, as a canvas of a pool: `free()` gives it back. */
export function grabbed(video, width, height, isMirrored) {
  const canvas = pool.pop() ?? document.createElement("canvas");
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  pen.setTransform(isMirrored ? -1 : 1, 0, 0, 1, isMirrored ? width : 0, 0);
  pen.drawImage(video, 0, 0, width, height);
  let isFree = false;
  return {
    canvas,
    jpeg: () => new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", 0.85)),
    free() {
      if (!isFree && pool.length < 4) pool.push(canvas);
      isFree = true;
    },
  };
}

/** The size that is sent for a source: the longer side at most `side`, both even, never larger than the source. */
export function sizeFor(video, side) {
  const [w, h] = [video.videoWidth || 16, video.videoHeight || 9];
  const scale = Math.min(1, side / Math.max(w, h));
  return [w, h].map((one) => Math.max(16, 2 * Math.round((one * scale) / 2)));
}
