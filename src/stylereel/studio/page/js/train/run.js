// A training: its sheet of previews as it grows, how long it takes, what its losses say, and what may be done with it.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { dialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { ring } from "../parts/ring.js";
import { spinner } from "../parts/progress.js";
import { duration, plural } from "../parts/format.js";
import { isActive } from "../job.js";
import { keepLook } from "./keep.js";
import { figures } from "./figures.js";

/** One training; `update(job)` keeps it true, `close()`. `onAgain(job)`: another one was begun in its place. */
export function trainingRun({ shell, job: first, onAgain, onGone }) {
  const { api, state } = shell;
  let job = first;
  let shown = null; // the step whose sheet is seen; null for the newest
  let kept = null;
  const sheet = el("img", { class: "sheet-picture", alt: "", hidden: true });
  const caption = el("span", { class: "stage-note" });
  const open = button({ label: "Enlarge", icon: "full", small: true, kind: "glass", onclick: () => enlarge() });
  const frame = el("button", { type: "button", class: "sheet-frame", "aria-label": "Enlarge the preview sheet", onclick: () => enlarge() }, sheet);
  const wait = el("div", { class: "sheet-wait" }, spinner("Preparing"), el("p", { class: "muted" }));
  const strip = el("div", { class: "sheets", role: "radiogroup", "aria-label": "Preview sheets, by step" });
  const title = el("h2", { class: "cut" });
  const standing = el("span", { class: "job-state" });
  const headline = el("p", { class: "headline", "aria-live": "polite" });
  const clock = ring({ label: "Time left" });
  const pace = el("p", { class: "meta" });
  const actions = el("div", { class: "run-actions" });
  const trouble = el("div", { class: "trouble", hidden: true, role: "alert" });
  const health = el("ul", { class: "health", "aria-label": "Health messages", "aria-live": "polite" });
  const losses = figures();
  const said = el("ul", { class: "said" });
  const how = el("details", { class: "more" }, el("summary", {}, icon("right", 16), "How it is learned"), el("div", { class: "said-box" }, el("p", { class: "why" }), said));
  const stage = el("div", { class: "run-stage" }, frame, wait, el("div", { class: "stage-bar" }, caption, open));
  const node = el("div", { class: "train-run" },
    el("section", { class: "run-centre", "aria-label": "Preview" }, stage, strip),
    el("aside", { class: "train-panel", "aria-label": "Progress" },
      el("div", { class: "run-scroll" },
        el("header", { class: "run-head" }, title, standing),
        el("div", { class: "run-clock" }, clock, el("div", { class: "grow" }, headline, pace)),
        trouble, health, losses, how),
      el("div", { class: "train-foot" }, actions)));

  const doing = (act, failed) => async (event) => {
    const pressed = event.currentTarget;
    pressed.busy = true;
    try {
      const next = await act();
      if (next?.id) state.addJob(next);
    } catch (error) {
      shell.fail(error, failed);
    } finally {
      pressed.busy = false;
    }
  };

  const url = (step) => api.address(`jobs/${job.id}/preview`, { step });
  const newest = () => job.training?.previews?.at(-1) ?? null;

  function drawSheet() {
    const step = shown ?? newest();
    sheet.hidden = frame.hidden = open.hidden = step === null;
    wait.hidden = step !== null || !isActive(job);
    wait.querySelector("p").textContent = job.state === "waiting" ? "Waits for its turn: one job is done after the other." : job.training?.notices?.at(-1) ?? "Reading the pictures.";
    stage.classList.toggle("nothing", step === null);
    if (step === null) {
      caption.textContent = "";
      return;
    }
    if (sheet.dataset.step !== String(step)) {
      sheet.dataset.step = String(step);
      sheet.src = url(step);
      sheet.alt = `Photographs held back from learning, each beside what the look makes of it after ${plural(step, "step")}`;
    }
    caption.textContent = `After ${plural(step, "step")}${step === newest() && isActive(job) ? " · the newest sheet" : ""}`;
  }

  function drawStrip() {
    const steps = job.training?.previews ?? [];
    strip.hidden = steps.length < 2;
    const known = new Set([...strip.children].map((one) => Number(one.dataset.step)));
    for (const one of [...strip.children]) if (!steps.includes(Number(one.dataset.step))) one.remove();
    const atEnd = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 24;
    for (const step of steps) if (!known.has(step)) {
      const thumb = el("button", { type: "button", class: "sheet-thumb", role: "radio", data: { step: String(step) }, onclick: () => {
        shown = step === newest() ? null : step;
        drawSheet();
        mark();
      } }, el("img", { alt: "", loading: "lazy", src: url(step) }), el("span", {}, `Step ${step.toLocaleString("en-GB")}`));
      thumb.setAttribute("aria-label", `After ${plural(step, "step")}`);
      strip.append(thumb);
    }
    if (atEnd) strip.scrollLeft = strip.scrollWidth;
    mark();
  }

  function mark() {
    const step = shown ?? newest();
    for (const one of strip.children) {
      const on = Number(one.dataset.step) === step;
      one.setAttribute("aria-checked", String(on));
      one.tabIndex = on ? 0 : -1;
    }
  }
  strip.addEventListener("keydown", (event) => {
    const all = [...strip.children];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    all[to].focus();
    all[to].click();
  });

  function enlarge() {
    const step = shown ?? newest();
    if (step === null) return;
    const window = dialog({ title: `After ${plural(step, "step")}`, body: el("img", { class: "sheet-large", src: url(step), alt: sheet.alt }), kind: "sheet-window" });
    window.querySelector("button")?.focus();
  }

  function drawClock() {
    const told = job.training;
    const active = isActive(job);
    const left = active && told?.step && told.minutes_left !== null ? told.minutes_left * 60 : null;
    const writes = job.state === "running" && told?.total_steps > 0 && told.step >= told.total_steps && !told.finished;
    clock.text = job.state === "done" ? "Done" : writes ? "…" : left !== null && job.state === "running" ? duration(left).replace(/ (\d+) s$/, "") : active ? "…" : told?.total_steps ? `${Math.round((100 * told.step) / told.total_steps)} %` : "–";
    clock.sub = job.state === "done" ? `in ${minutesText(told)}` : writes ? "writing it" : left !== null && job.state === "running" ? "left" : job.state === "running" ? "getting ready" : STATES[job.state];
    clock.fraction = job.state === "done" ? 1 : told?.total_steps ? told.step / told.total_steps : active && job.state !== "waiting" ? null : 0;
    pace.textContent = told?.total_steps ? [`Step ${told.step.toLocaleString("en-GB")} of ${told.total_steps.toLocaleString("en-GB")}`, job.state === "running" && told.steps_per_second ? `${pacing(told.steps_per_second)}` : "", job.state === "done" || !minutesText(told) ? "" : `${minutesText(told)} so far`].filter(Boolean).join(" · ") : "";
    headline.textContent = heading(job, writes);
  }

  function drawTrouble() {
    trouble.hidden = !job.error;
    if (!job.error) return;
    const diverged = /diverged/.test(job.error.text);
    trouble.replaceChildren(icon("warning", 20), el("div", {}, el("p", { class: "job-error" }, job.error.text), job.error.hint ? el("p", { class: "meta" }, job.error.hint) : "",
      diverged ? el("p", { class: "row" }, button({ label: "Start again, gently", icon: "reset", small: true, onclick: doing(again, "It was not started.") })) : ""));
  }

  async function again() {
    const next = await api.start({ ...job.wanted, gentle: true });
    state.addJob(next);
    onAgain(next);
  }

  function drawActions() {
    const had = actions.contains(document.activeElement);
    const list = [];
    if (isActive(job)) {
      list.push(button({ label: "Stop", icon: "stop", title: "Stops after this step; it can go on later", disabled: job.state === "stopping", onclick: doing(() => api.stop(job.id), "It could not be stopped.") }));
      list.push(button({ label: "Cancel", kind: "quiet", title: "Ends it for good", disabled: job.state === "stopping", onclick: doing(cancel, "It could not be cancelled.") }));
    } else {
      if (job.state === "done") list.push(...afterDone());
      if (job.can_resume) list.push(button({ label: "Go on", icon: "play", kind: "primary", onclick: doing(() => api.resume(job.id), "It could not go on.") }));
      list.push(button({ label: "Delete", icon: "trash", kind: "quiet", onclick: doing(remove, "It could not be deleted.") }));
    }
    actions.replaceChildren(...list);
    if (had) actions.querySelector("button, a")?.focus();
  }

  function afterDone() {
    const keep = (label, kind) => button({ label, icon: "check", kind, onclick: () => keepLook({ shell, job, taken: kept?.name ?? "", onKept: (now) => {
      kept = now;
      drawActions();
    } }) });
    if (!kept?.name) return [keep("Keep this look", "primary")];
    const look = kept.looks[0];
    return [button({ label: "Use it on a video", icon: "brush", kind: "primary", href: `#/stylise?look=${encodeURIComponent(look)}` }), keep("Keep under another name", "plain")];
  }

  async function cancel() {
    const sure = await shell.confirm("What it has learned so far is removed. To go on later, stop it instead.", { title: `Cancel '${nameOf(job)}'?`, yes: "Cancel the training", no: "Let it run", danger: true });
    return sure ? api.cancel(job.id) : null;
  }

  async function remove() {
    const loses = job.state === "done" && !kept?.name ? "The look is not kept yet: it goes with its training." : kept?.name ? `The look '${kept.name}' stays among yours.` : "What it has learned so far is removed.";
    const sure = await shell.confirm(loses, { title: `Delete the training of '${nameOf(job)}'?`, yes: "Delete", danger: true });
    if (!sure) return null;
    await api.removeJob(job.id);
    state.dropJob(job.id);
    onGone();
    return null;
  }

  function drawSaid() {
    const told = job.training;
    how.hidden = !told;
    if (!told) return;
    how.querySelector(".why").textContent = told.why;
    said.replaceChildren(...[...told.advice, ...told.notices].map((text) => el("li", {}, text)));
    const alarms = told.alarms ?? [];
    health.hidden = !alarms.length;
    if (health.children.length !== alarms.length) health.replaceChildren(...alarms.map((alarm) => el("li", {}, icon("warning", 18), el("div", {}, el("p", {}, alarm.says), el("p", { class: "meta" }, `At step ${alarm.step.toLocaleString("en-GB")}`)))));
    losses.draw(told.terms ?? []);
  }

  let shape = "";
  node.update = (next) => {
    job = next;
    title.textContent = title.title = nameOf(job);
    standing.className = `job-state ${job.state}`;
    standing.textContent = STATES[job.state];
    drawSheet();
    drawStrip();
    drawClock();
    drawSaid();
    const now = JSON.stringify([job.state, job.can_resume, job.error]);
    if (now === shape) return;
    shape = now;
    drawTrouble();
    drawActions();
    if (job.state === "done") api.ask(`jobs/${job.id}/keep`).then((told) => {
      kept = told;
      drawActions();
    }, () => {});
  };
  node.close = () => {};
  node.update(job);
  return node;
}

const STATES = { waiting: "waiting", running: "learning", stopping: "stopping", stopped: "stopped", done: "done", failed: "failed", cancelled: "cancelled" };

/** What a training's look is called. */
export const nameOf = (job) => job.wanted.look || job.wanted.name;

const minutesText = (told) => (told?.minutes_done ? `${duration(told.minutes_done * 60).replace(/ (\d+) s$/, told.minutes_done < 10 ? " $1 s" : "")}` : "");
const pacing = (pace) => (pace >= 1 ? `${pace.toFixed(1)} a second` : `${(1 / pace).toFixed(1)} s each`);

function heading(job, writes) {
  if (job.state === "waiting") return "It waits for its turn.";
  if (job.state === "stopping") return "It ends after this step and saves what it has learned.";
  if (job.state === "stopped") return "Stopped. It goes on where it was, whenever you like.";
  if (job.state === "cancelled") return "Cancelled.";
  if (job.state === "failed") return "It ended early.";
  if (job.state === "done") return "The look is learned. Keep it, and it stands among your looks.";
  if (writes) return "The look is written and checked: half a minute.";
  return job.training?.headline || job.training?.notices?.at(-1) || "Getting ready.";
}
