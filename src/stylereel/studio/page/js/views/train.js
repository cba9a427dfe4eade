// Train: give pictures, name the look, choose how long; watch it being learned; keep it.

import { el } from "../parts/el.js";
import { icon } from "../parts/icon.js";
import { moment } from "../parts/format.js";
import { isActive } from "../job.js";
import { trainForm } from "../train/form.js";
import { nameOf, trainingRun } from "../train/run.js";

export const title = "Train";
export const styles = ["train"];

export async function mount(root, shell, params) {
  const { state } = shell;
  const places = el("div", { class: "trainings", role: "tablist", "aria-label": "Trainings" });
  const box = el("div", { class: "train-box" });
  root.append(el("h1", { class: "unseen" }, "Train"), places, box);
  let part = null;
  let open = null; // id of the training that is seen; "" for the form
  const trainings = () => [...state.jobs.values()].filter((job) => job.kind === "train").sort((a, b) => moment(b.created) - moment(a.created));

  const show = (id) => {
    const job = state.jobs.get(id);
    if (open === (job ? id : "")) return;
    part?.close();
    open = job ? id : "";
    part = job
      ? trainingRun({ shell, job, onAgain: (next) => show(next.id), onGone: () => show("") })
      : trainForm({ shell, onStart: (next) => show(next.id) });
    box.replaceChildren(part);
    shell.remember({ job: open });
    drawPlaces();
  };

  const drawPlaces = () => {
    const jobs = trainings();
    places.hidden = !jobs.length;
    const had = places.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    places.replaceChildren(place("", "New look", icon("plus", 16)), ...jobs.map((job) => place(job.id, nameOf(job), el("i", { class: `dot ${job.state}` }), isActive(job) && job.progress?.fraction ? `${Math.round(100 * job.progress.fraction)} %` : "")));
    if (had !== null) [...places.children].find((one) => one.dataset.id === had)?.focus();
  };
  const place = (id, name, sign, more = "") => el("button", {
    type: "button", class: "training", role: "tab", "aria-selected": String(open === id), tabIndex: open === id ? 0 : -1, data: { id }, onclick: () => show(id),
  }, sign, el("span", { class: "cut" }, name), more ? el("span", { class: "meta" }, more) : null);
  places.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...places.children];
    const next = all[(all.findIndex((one) => one.dataset.id === open) + step + all.length) % all.length];
    show(next.dataset.id);
    [...places.children].find((one) => one.dataset.id === open)?.focus();
  });

  let drawn = "";
  const end = state.subscribe("jobs", ({ job, before }) => {
    if ((job ?? before)?.kind !== "train") return;
    if (job && job.id === open) part.update(job);
    if (!job && before.id === open) show("");
    const now = trainings().map((one) => `${one.id} ${one.state} ${Math.round(100 * (one.progress?.fraction ?? 0))}`).join();
    if (now !== drawn) drawPlaces();
    drawn = now;
  });
  const wanted = params.get("job") ?? trainings().find(isActive)?.id ?? "";
  show(state.jobs.has(wanted) ? wanted : "");

  const close = () => {
    end();
    part?.close();
  };
  close.revisit = (next) => show(next.get("job") ?? "");
  return close;
}
