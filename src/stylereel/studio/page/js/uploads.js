// Files on their way to the studio. They belong to the page, not to a view: going to another view does not stop them.

import { bytes, duration } from "./parts/format.js";

const underWay = new Map();
const listeners = new Set();
let queue = Promise.resolve();

/** What is being sent: [{file, sent, total, isChecking, left, cancel}]. */
export const sending = () => [...underWay.values()];

/** Calls `act(one, medium)` when one moves, is whole (with its medium) or is gone; returns a function that ends it. */
export function onSending(act) {
  listeners.add(act);
  return () => listeners.delete(act);
}

/** Sends files one after another: each can be worked with before the next one is whole. */
export function send(files, shell) {
  files.forEach((file, index) => { queue = queue.then(() => sendOne(file, index === 0, shell)); });
}

async function sendOne(file, isFirst, shell) {
  const limit = shell.state.about.limits.upload_bytes;
  if (file.size > limit) {
    shell.toast(`"${file.name}" has ${bytes(file.size)}; this studio takes up to ${bytes(limit)}.`, "error", { hint: "Cut it, or start the studio with a larger --max-upload." });
    return;
  }
  const began = performance.now();
  const one = { file, isFirst, sent: 0, total: file.size, isChecking: false, left: null };
  const { done, cancel } = shell.upload(file, (sent, total) => {
    const seconds = (performance.now() - began) / 1000;
    Object.assign(one, { sent, total, isChecking: sent >= total, left: seconds * (total / Math.max(1, sent) - 1) });
    tell(one);
  });
  one.cancel = cancel;
  underWay.set(one, one);
  tell(one);
  try {
    const medium = await done;
    underWay.delete(one);
    tell(one, medium);
  } catch (error) {
    underWay.delete(one);
    tell(one);
    shell.fail(error);
  }
}

const tell = (one, medium = null) => [...listeners].forEach((act) => act(one, medium));

/** "12 of 48 MB, 8 s left". */
export function uploadText(one) {
  if (one.isChecking) return "Sent. It is being checked by decoding it.";
  const left = one.left !== null && Number.isFinite(one.left) && one.sent > 0 ? `, ${duration(one.left)} left` : "";
  return `${bytes(one.sent)} of ${bytes(one.total)}${left}`;
}

// A reload would break off what is being sent.
addEventListener("beforeunload", (event) => underWay.size && event.preventDefault());
