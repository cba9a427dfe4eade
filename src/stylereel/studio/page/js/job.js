// A job as a card, and what every view may do with jobs.

import { api } from "./api.js";
import { el } from "./parts/el.js";
import { button } from "./parts/button.js";
import { progress } from "./parts/progress.js";
import { icon } from "./parts/icon.js";
import { dialog } from "./parts/dialog.js";
import { mixtureName } from "./stylise/choice.js";
import { bytes, duration, plural } from "./parts/format.js";

const STATES = {
  waiting: "Waiting", running: "Running", stopping: "Stopping", stopped: "Stopped", done: "Done", failed: "Failed", cancelled: "Cancelled",
};

export const isActive = (job) => ["waiting", "running", "stopping"].includes(job.state);

/** "dog.mp4 in Van Gogh": with the titles that the gallery shows, where they are known. */
export function jobTitle(job, state) {
  const name = state.media.get(job.wanted?.media)?.name;
  const look = job.kind === "stylize" && mixtureName(job.wanted, state.looks);
  return name && look ? `${name} in ${look}` : job.title;
}

/** "12 of 290 frames" and "18.2 a second, 20 s left". */
export function progressTexts(job) {
  const now = job.progress;
  if (job.state === "waiting") return ["Waiting for its turn", ""];
  if (job.state === "stopping") return ["Stopping", ""];
  if (!now) return ["Starting", ""];
  const unit = now.unit ?? "frame";
  const counted = now.total ? `${now.done.toLocaleString("en-GB")} of ${plural(now.total, unit.replace(/s$/, ""))}` : plural(now.done, unit.replace(/s$/, ""));
  const left = now.eta_seconds === null || now.eta_seconds === undefined ? "" : `${duration(now.eta_seconds)} left`;
  return [now.note && !now.done ? now.note : counted, left];
}

/** A card that `update(job)` keeps true. `compact` leaves out the title. */
export function jobCard(job, shell) {
  const title = el("h3", { class: "job-title" });
  const state = el("span", { class: "job-state" });
  const bar = progress({ label: "Progress" });
  const line = el("p", { class: "job-line" }, el("span"), el("span"));
  const detail = el("div", { class: "job-detail", hidden: true });
  const actions = el("div", { class: "job-actions" });
  const spoken = el("p", { class: "unseen", role: "status" });
  const node = el("article", { class: "job", data: { job: job.id } }, el("div", { class: "job-head" }, title, state), bar, line, detail, actions, spoken);
  let drawn = "";

  node.update = (next) => {
    const called = jobTitle(next, shell.state);
    title.textContent = called;
    state.className = `job-state ${next.state}`;
    state.replaceChildren(...(next.state === "done" ? [icon("check", 16)] : []), STATES[next.state] ?? next.state);
    bar.hidden = line.hidden = !isActive(next);
    bar.fraction = next.state === "waiting" ? 0 : next.progress?.fraction ?? null;
    bar.label = `Progress of ${called}`;
    const [left, right] = progressTexts(next);
    line.firstChild.textContent = left;
    line.lastChild.textContent = right;
    const said = `${called}: ${isActive(next) ? `${tens(next.progress?.fraction)}` : STATES[next.state]}`;
    if (spoken.textContent !== said) spoken.textContent = said;
    const shape = JSON.stringify([next.state, next.error, next.notices, next.result, next.can_resume]);
    if (shape === drawn) return;
    drawn = shape;
    const parts = details(next);
    detail.hidden = !parts.length;
    detail.replaceChildren(...parts);
    const had = actions.contains(document.activeElement);
    actions.replaceChildren(...jobActions(next, shell));
    if (had) actions.querySelector("button, a")?.focus();
  };
  node.update(job);
  return node;
}

// Screen readers hear every tenth, not every frame.
const tens = (fraction) => (fraction ? `${Math.floor(fraction * 10) * 10} %` : "started");

function details(job) {
  const parts = [];
  if (job.error) parts.push(el("p", { class: "job-error" }, job.error.text), job.error.hint ? el("p", { class: "meta" }, job.error.hint) : "");
  if (job.result?.name && job.state === "done") parts.push(el("p", { class: "meta cut", title: job.result.name }, [bytes(job.result.bytes), job.result.name].filter(Boolean).join(" · ")));
  if (job.notices?.length) parts.push(el("details", { class: "job-notices" }, el("summary", {}, plural(job.notices.length, "note")), el("ul", {}, job.notices.map((one) => el("li", {}, one)))));
  return parts.filter(Boolean);
}

function jobActions(job, shell) {
  const doing = (act, failed) => async (event) => {
    const pressed = event.currentTarget;
    pressed.busy = true;
    try {
      await act();
    } catch (error) {
      shell.fail(error, failed);
    } finally {
      pressed.busy = false;
    }
  };
  const list = [];
  const media = job.result?.media;
  if (job.state === "done" && media) {
    list.push(button({ label: "Download", icon: "download", kind: "primary", small: true, href: api.file(media, true), download: job.result.name ?? "" }));
    list.push(button({ label: "Watch", icon: "play", small: true, onclick: () => watch(media, job.result.name ?? job.title, shell) }));
  }
  if (job.kind === "train" || job.kind === "compare") list.push(button({ label: "Open", icon: "right", small: true, href: `#/${job.kind}?job=${job.id}` }));
  if (isActive(job)) list.push(button({ label: "Cancel", icon: "close", small: true, disabled: job.state === "stopping", onclick: doing(() => api.cancel(job.id).then((next) => next?.id && shell.state.addJob(next)), "It could not be cancelled.") }));
  else {
    if (job.can_resume) list.push(button({ label: "Go on", icon: "play", small: true, onclick: doing(() => api.resume(job.id).then((next) => next?.id && shell.state.addJob(next)), "It could not go on.") }));
    list.push(button({ label: "Delete", icon: "trash", only: true, kind: "quiet", small: true, onclick: doing(() => removeJob(job, shell), "It could not be deleted.") }));
  }
  return list;
}

async function removeJob(job, shell) {
  if (job.state === "done" && job.result?.media) {
    const sure = await shell.confirm(`"${job.result.name ?? job.title}" is removed from the studio's folder. What you have downloaded stays.`, { title: "Delete this result?", yes: "Delete", danger: true });
    if (!sure) return;
  }
  await api.removeJob(job.id);
  if (job.result?.media) await api.remove(job.result.media).catch((error) => error.status !== 404 && shell.fail(error));
  shell.state.dropJob(job.id);
  await shell.state.readMedia();
}

/** Shows a medium in a window: a video with its controls, or a picture. */
export function watch(id, name, shell) {
  const medium = shell.state.media.get(id);
  const failed = el("p", { hidden: true }, "This browser cannot play this format. Download it and play it with another program.");
  const hide = () => {
    shown.hidden = true;
    failed.hidden = false;
  };
  const isPicture = medium ? medium.kind === "picture" : /\.(png|jpe?g|webp|bmp)$/i.test(name);
  const shown = isPicture
    ? el("img", { class: "watch", src: api.file(id), alt: name, onerror: hide })
    : el("video", { class: "watch", src: api.file(id), controls: true, autoplay: true, loop: true, playsInline: true, onerror: hide });
  dialog({ title: name, body: [shown, failed], actions: [button({ label: "Download", icon: "download", kind: "primary", href: api.file(id, true), download: name })], onClose: () => shown.removeAttribute("src") });
}
