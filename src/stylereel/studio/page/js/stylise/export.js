// The panel's second half: what comes out, and the exports of this medium.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { field, select } from "../parts/choices.js";
import { slider } from "../parts/slider.js";
import { clock, duration, moment, plural, seconds } from "../parts/format.js";
import { jobCard } from "../job.js";
import { fileName, formatOf, formatsOf, sizesOf } from "./formats.js";
import { jobSettings, lookOf, lookSettings, mixtureName } from "./choice.js";

/** `draw(medium)` shows the settings, `drawJobs(medium)` the exports; `.foot` has the button that starts one. */
export function exporting({ shell, choice }) {
  let medium = null;
  const format = select({ label: "Format", inline: true, onChange: (value) => choice.set({ format: value }) });
  const size = select({ label: "Size", inline: true, onChange: (value) => choice.set({ side: Number(value) }) });
  const quality = slider({ label: "Quality", min: 0, max: 100, step: 1, value: 75, format: (value) => `${value}`, onInput: (value) => choice.set({ quality: value }) });
  const from = timeField({ label: "Start", icon: "start", usual: () => 0, set: (t) => choice.set({ from: t }) });
  const to = timeField({ label: "End", icon: "end", usual: () => medium.seconds ?? 0, set: (t) => choice.set({ to: t }) });
  const range = el("div", { class: "range" }, from, to);
  const rangeText = el("p", { class: "meta", "aria-live": "polite" });
  const name = field({ label: "File name", onInput: (value) => choice.set({ name: value.trim() }) });
  const jobs = el("section", { class: "export-jobs", "aria-label": "Exports of this file" });
  const go = button({ label: "Export", icon: "download", kind: "primary", onclick: () => start() });
  go.classList.add("wide");
  const node = el("div", { class: "export" }, format, size, quality, range, rangeText, name, jobs);
  node.foot = go;

  function timeField({ label, icon: sign, usual, set }) {
    const here = button({ label: `${label} at the frame that is shown`, icon: sign, only: true, kind: "quiet", onclick: () => take(choice.now.t) });
    const one = field({ label, placeholder: "0:00", after: here, onChange: (text) => take(text.trim() === "" ? null : seconds(text)), inputMode: "text" });
    const take = (t) => {
      if (t !== null && (!Number.isFinite(t) || (medium.seconds && t > medium.seconds + 0.05))) {
        one.error = `Up to ${clock(medium.seconds ?? 0, 1)}, such as 0:02.5`;
        check();
        return;
      }
      one.error = t === null && one.value.trim() !== "" ? "A time such as 0:02.5" : "";
      check();
      if (!one.error) set(t === null || Math.abs(t - usual()) < 1e-3 ? null : Math.min(t, medium.seconds || t));
    };
    return one;
  }
  const length = () => (choice.now.to ?? medium.seconds ?? 0) - (choice.now.from ?? 0);

  async function start() {
    if (go.busy || !medium) return;
    go.busy = true;
    try {
      const job = await shell.api.start(wanted());
      shell.state.addJob(job);
      jobs.querySelector(".job")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    } catch (error) {
      shell.fail(error, "The export was not started.");
    } finally {
      go.busy = false;
      check();
    }
  }
  function wanted() {
    const { now } = choice;
    const chosen = formatOf(medium, now.format);
    return {
      kind: "stylize", ...jobSettings(now, shell.state.looks, medium), name: outputName(chosen),
      codec: chosen.codec, ...(chosen.lossless ? {} : { quality: now.quality }),
      ...(now.side ? { max_side: now.side } : {}),
      ...(medium.kind === "video" && now.from !== null ? { start: now.from } : {}), ...(medium.kind === "video" && now.to !== null ? { end: now.to } : {}),
    };
  }
  const usualName = (chosen) => fileName(medium, mixtureName(lookSettings(choice.now, shell.state.looks), shell.state.looks), chosen.ending);
  const outputName = (chosen) => {
    const given = choice.now.name;
    if (!given) return usualName(chosen);
    return given.toLowerCase().endsWith(`.${chosen.ending}`) ? given : `${given}.${chosen.ending}`;
  };
  const check = () => {
    const isEmpty = medium.kind === "video" && Boolean(medium.seconds) && length() <= 0;
    if (!go.busy) go.disabled = isEmpty || Boolean(from.error || to.error) || !lookOf(choice.now, shell.state.looks);
    rangeText.classList.toggle("wrong-text", isEmpty);
    const frames = Math.max(1, Math.round(length() * (medium.frame_rate || 25)));
    rangeText.textContent = isEmpty ? "The end lies before the start: set one of them anew." : !medium.seconds ? "Its length is not known before the end." : `${duration(length())}, about ${plural(frames, "frame")}`;
  };

  node.draw = (next) => {
    if (next !== medium) from.error = to.error = "";
    medium = next;
    const { now } = choice;
    const chosen = formatOf(medium, now.format);
    const isVideo = medium.kind === "video";
    format.options = formatsOf(medium);
    format.value = chosen.value;
    format.hint = chosen.hint;
    size.options = sizesOf(medium);
    size.value = String(sizesOf(medium).some((one) => one.value === now.side) ? now.side : 0);
    quality.hidden = Boolean(chosen.lossless);
    quality.value = now.quality;
    range.hidden = rangeText.hidden = !isVideo;
    if (document.activeElement !== from.input && !from.error) from.value = now.from === null ? "" : clock(now.from);
    if (document.activeElement !== to.input && !to.error) to.value = now.to === null ? "" : clock(now.to);
    from.input.placeholder = clock(0);
    to.input.placeholder = clock(medium.seconds ?? 0);
    if (document.activeElement !== name.input) name.value = now.name;
    name.input.placeholder = usualName(chosen);
    check();
  };

  const cards = new Map();
  node.drawJobs = (next) => {
    const own = [...shell.state.jobs.values()].filter((job) => job.kind === "stylize" && job.wanted?.media === next?.id)
      .sort((a, b) => moment(b.created) - moment(a.created));
    for (const [id, card] of cards) if (!own.some((job) => job.id === id)) {
      card.remove();
      cards.delete(id);
    }
    own.forEach((job, index) => {
      if (cards.has(job.id)) cards.get(job.id).update(job);
      else cards.set(job.id, jobCard(job, shell));
      const card = cards.get(job.id);
      if (jobs.children[index] !== card) jobs.insertBefore(card, jobs.children[index] ?? null);
    });
    jobs.hidden = !own.length;
  };
  return node;
}
