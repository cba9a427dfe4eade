// Privacy: what lies where, how large it is, when it goes, and how to be rid of it now.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { empty } from "../parts/empty.js";
import { icon } from "../parts/icon.js";
import { bytes, clock, moment, plural, when } from "../parts/format.js";
import { isActive } from "../job.js";
import { forgetJobs, heldBy, holders } from "../privacy/job_files.js";

export const title = "Privacy";
export const styles = ["privacy"];

const SORTS = { upload: "Upload", result: "Result" };

export async function mount(root, shell) {
  const { about } = shell.state;
  const size = el("dd");
  const count = el("dd");
  const next = el("dd");
  const copy = button({ label: "Copy the folder's path", icon: "copy", only: true, kind: "quiet", onclick: copied });
  const all = button({ label: "Delete everything", icon: "trash", kind: "danger", onclick: removeAll });
  const list = el("div", { class: "kept" });
  const sheet = el("div", { class: "sheet" },
    el("header", {}, el("h1", {}, "Nothing leaves this machine"),
      el("p", {}, "The page asks this studio alone, and the studio asks nobody. What you upload and what comes of it lies in one folder, until you delete it or its time is over. Programs of yours can use it as this page does: ", el("a", { href: "/api/docs" }, "the studio's API"), ".")),
    el("dl", { class: "facts" },
      el("div", { class: "fact wide" }, el("dt", {}, "Folder"), el("dd", { class: "row" }, el("code", {}, about.folder), copy)),
      el("div", { class: "fact" }, el("dt", {}, "Size"), size),
      el("div", { class: "fact" }, el("dt", {}, "Files"), count),
      el("div", { class: "fact" }, el("dt", {}, "Removed after"), el("dd", {}, plural(about.limits.keep_days, "day"))),
      el("div", { class: "fact" }, el("dt", {}, "Next to go"), next)),
    el("section", { class: "kept-box" }, el("header", { class: "row" }, el("h2", { class: "grow" }, "Files"), all), list));
  root.append(sheet);

  async function copied() {
    try {
      await navigator.clipboard.writeText(about.folder);
      shell.toast("The folder's path is copied.");
    } catch {
      shell.toast("The browser does not let this page copy.", "error", { hint: "Select the path and copy it by hand." });
    }
  }
  async function removeAll() {
    const media = [...shell.state.media.values()];
    const running = [...shell.state.jobs.values()].filter(isActive).length;
    const sure = await shell.confirm(
      `${plural(media.length, "file")}, ${bytes(total(media))}, and what trainings and comparisons hold, are removed from the studio's folder at once${running ? `, and ${plural(running, "job")} under way ended` : ""}. This cannot be undone. Your own originals, looks that you have kept and what you have downloaded stay.`,
      { title: "Delete everything?", yes: "Delete everything", danger: true });
    if (!sure) return;
    all.busy = true;
    try {
      await forgetJobs(shell);
      await shell.api.removeAll();
      await Promise.all([shell.state.readMedia(), shell.state.readJobs()]);
      shell.toast("Everything is deleted.", "done");
    } catch (error) {
      shell.fail(error, "Not everything was deleted.");
    } finally {
      all.busy = false;
      draw();
    }
  }
  async function removeOne(medium, pressed) {
    const sure = await shell.confirm(`"${medium.name}" is removed from the studio's folder.`, { title: "Delete this file?", yes: "Delete", danger: true });
    if (!sure) return;
    pressed.busy = true;
    try {
      await shell.api.remove(medium.id);
      await shell.state.readMedia();
    } catch (error) {
      shell.fail(error, "It was not deleted.");
      pressed.busy = false;
    }
  }
  const total = (media) => media.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  const row = (medium) => {
    const sort = shell.state.jobs.get(medium.job)?.kind === "loop" ? "Preview loop" : SORTS[medium.origin] ?? medium.origin;
    const gone = button({ label: `Delete ${medium.name}`, icon: "trash", only: true, kind: "quiet", onclick: () => removeOne(medium, gone) });
    return el("tr", {},
      el("th", { scope: "row" }, el("div", { class: "kept-name" }, icon(medium.kind === "picture" ? "picture" : "film"), el("span", { class: "cut", title: medium.name }, medium.name))),
      el("td", { "data-label": "Kind" }, sort),
      el("td", { "data-label": "Content" }, medium.kind === "picture" ? `${medium.width} × ${medium.height}` : `${medium.width} × ${medium.height}, ${clock(medium.seconds ?? 0, 0)}`),
      el("td", { class: "number", "data-label": "Size" }, bytes(medium.bytes)),
      el("td", { "data-label": "Added" }, when(medium.created)),
      el("td", { "data-label": "Removed" }, when(medium.expires)),
      el("td", { class: "act" }, gone));
  };
  const jobRow = (job) => {
    const { sort, content } = heldBy(job);
    const gone = button({ label: `Delete ${job.title}`, icon: "trash", only: true, kind: "quiet", disabled: isActive(job), title: isActive(job) ? "It is under way: cancel it first" : `Delete ${job.title}`, onclick: () => removeJob(job, gone) });
    return el("tr", {},
      el("th", { scope: "row" }, el("div", { class: "kept-name" }, icon(job.kind === "train" ? "train" : "compare"), el("span", { class: "cut", title: job.title }, job.title))),
      el("td", { "data-label": "Kind" }, sort), el("td", { "data-label": "Content" }, content), el("td", { class: "number", "data-label": "Size" }, "–"),
      el("td", { "data-label": "Added" }, when(job.created)), el("td", { "data-label": "Removed" }, job.ended ? when(job.ended + 86400 * about.limits.keep_days) : "–"),
      el("td", { class: "act" }, gone));
  };
  async function removeJob(job, pressed) {
    const sure = await shell.confirm(`What "${job.title}" holds is removed from the studio's folder. A look that you have kept stays.`, { title: "Delete this job?", yes: "Delete", danger: true });
    if (!sure) return;
    pressed.busy = true;
    try {
      await shell.api.removeJob(job.id);
      shell.state.dropJob(job.id);
      draw();
    } catch (error) {
      shell.fail(error, "It was not deleted.");
      pressed.busy = false;
    }
  }
  const draw = () => {
    const jobs = holders(shell.state);
    const media = [...shell.state.media.values()].sort((a, b) => moment(b.created) - moment(a.created));
    const soonest = media.map((one) => moment(one.expires)).filter(Number.isFinite).sort((a, b) => a - b)[0];
    size.textContent = bytes(total(media));
    count.textContent = media.length.toLocaleString("en-GB");
    next.textContent = soonest ? when(soonest) : "Nothing";
    all.hidden = !media.length && !jobs.length;
    if (all.hidden) {
      list.replaceChildren(empty({ icon: "shield", title: "The folder is empty", text: "Uploads and exports are listed here as soon as there are any.", actions: [button({ label: "Give a video", href: "#/stylise", kind: "primary" })] }));
      return;
    }
    list.replaceChildren(el("table", {}, el("caption", { class: "unseen" }, "Files in the studio's folder"),
      el("thead", {}, el("tr", {}, ["Name", "Kind", "Content", "Size", "Added", "Removed"].map((text) => el("th", { scope: "col", class: text === "Size" ? "number" : "" }, text)), el("th", { scope: "col" }, el("span", { class: "unseen" }, "Delete")))),
      el("tbody", {}, jobs.map(jobRow), media.map(row))));
  };
  const ends = [shell.state.subscribe("media", draw), shell.state.subscribe("jobs", ({ job, before }) => job?.state !== before?.state && draw())];
  draw();
  return () => ends.forEach((end) => end());
}
