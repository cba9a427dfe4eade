// The jobs tray: what was asked for, from every view.

import { el } from "./parts/el.js";
import { button } from "./parts/button.js";
import { empty } from "./parts/empty.js";
import { moment } from "./parts/format.js";
import { isActive, jobCard, jobTitle } from "./job.js";

// A preview loop lives where it is played; it is no result that anybody keeps.
export const isListed = (job) => job.kind !== "loop";

/** Fills `root` and returns the button that opens it. */
export function jobsTray(root, shell) {
  const count = el("span", { class: "count", hidden: true });
  const fill = el("i");
  const bar = el("span", { class: "bar", hidden: true }, fill);
  const opener = button({ label: "Jobs", icon: "jobs", kind: "quiet", onclick: () => open(root.hidden), "aria-expanded": "false", "aria-controls": root.id });
  opener.classList.add("jobs-button");
  opener.append(count, bar);
  const list = el("div", { class: "jobs" });
  const nothing = empty({ icon: "jobs", title: "No jobs yet", text: "An export or a training that you start is listed here, with its progress and its download, whatever view you are in." });
  root.append(el("header", {}, el("h2", {}, "Jobs"), button({ label: "Close", icon: "close", only: true, kind: "quiet", onclick: () => open(false) })), list);
  const cards = new Map();

  const open = (yes) => {
    root.hidden = !yes;
    opener.setAttribute("aria-expanded", String(yes));
    if (yes) root.querySelector("button")?.focus();
    else if (root.contains(document.activeElement) || document.activeElement === document.body) opener.focus();
  };
  root.addEventListener("keydown", (event) => event.key === "Escape" && open(false));
  document.addEventListener("pointerdown", (event) => {
    if (!root.hidden && !root.contains(event.target) && !opener.contains(event.target) && !event.target.closest("dialog, .toasts")) open(false);
  });

  const draw = () => {
    const jobs = [...shell.state.jobs.values()].filter(isListed).sort((a, b) => moment(b.created) - moment(a.created));
    for (const [id, card] of cards) if (!jobs.some((job) => job.id === id)) {
      card.remove();
      cards.delete(id);
    }
    jobs.forEach((job, index) => {
      if (cards.has(job.id)) cards.get(job.id).update(job);
      else cards.set(job.id, jobCard(job, shell));
      const card = cards.get(job.id);
      if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
    });
    if (!jobs.length) list.replaceChildren(nothing);
    else nothing.remove();
    const active = jobs.filter(isActive);
    count.hidden = bar.hidden = !active.length;
    count.textContent = String(active.length);
    opener.setAttribute("aria-label", active.length ? `Jobs, ${active.length} under way` : "Jobs");
    const first = active.find((job) => job.state !== "waiting");
    bar.style.setProperty("--done", `${100 * (first?.progress?.fraction ?? 0)}%`);
  };
  addEventListener("hashchange", () => !root.hidden && open(false));
  shell.state.subscribe("jobs", draw);
  draw();
  return { opener, open };
}

const isSeen = (job) => [...document.querySelectorAll(`.view [data-job="${job.id}"]`)].some((one) => one.checkVisibility?.());

/** Tells of jobs that end while the page is open. */
export function tellOfEnds(shell, open) {
  shell.state.subscribe("jobs", ({ job, before }) => {
    if (!job || !before || !isListed(job) || !isActive(before) || isActive(job)) return;
    const show = button({ label: "Show", small: true, onclick: () => open(true) });
    // Where its card is in sight, that says so.
    if (job.state === "done" && !isSeen(job)) shell.toast(`${jobTitle(job, shell.state)} is done.`, "done", { seconds: 10, actions: [show] });
    if (job.state === "failed") shell.toast(job.error?.text ?? `${jobTitle(job, shell.state)} failed.`, "error", { hint: job.error?.hint ?? "", actions: [show] });
  });
}
