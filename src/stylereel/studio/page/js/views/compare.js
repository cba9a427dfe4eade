// Compare: two results of one source under a wipe, played as one, with figures that say which does what better.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { select } from "../parts/choices.js";
import { empty } from "../parts/empty.js";
import { moment, plural } from "../parts/format.js";
import { progress } from "../parts/progress.js";
import { isActive, progressTexts } from "../job.js";
import { sidesOf } from "../compare/choice.js";
import { duet } from "../compare/duet.js";
import { measured } from "../compare/table.js";

export const title = "Compare";
export const styles = ["compare"];

const LENGTHS = [{ value: "48", label: "The first 48 frames (quick)" }, { value: "240", label: "The first 240 frames" }, { value: "", label: "All frames (slow)" }];

export async function mount(root, shell, params) {
  const { api, state } = shell;
  const now = { source: params.get("source") ?? "", a: params.get("a") ?? "", b: params.get("b") ?? "" };
  let isChosen = Boolean(now.a || now.b); // by somebody; else a new result takes the place of what stands in for one
  if (params.get("job")) take(params.get("job"));
  let seen = "";
  let length = "48";
  const nothing = el("div", { class: "compare-empty" });
  const source = select({ label: "Made of", inline: true, onChange: (id) => set({ source: id, a: "", b: "" }, false) });
  const first = select({ label: "A, left", inline: true, onChange: (id) => set({ a: id }) });
  const second = select({ label: "B, right", inline: true, onChange: (id) => set({ b: id }) });
  const swap = button({ label: "Swap sides", icon: "swap", small: true, kind: "quiet", onclick: () => set({ a: now.b, b: now.a }) });
  const players = duet({ shell });
  const long = select({ label: "How much", inline: true, options: LENGTHS, value: length, onChange: (value) => { length = value; } });
  const go = button({ label: "Measure", icon: "compare", kind: "primary", onclick: () => measure() });
  go.classList.add("wide");
  const why = el("p", { class: "meta" });
  const found = el("div", { class: "found", "aria-live": "polite" });
  const bar = progress({ label: "Measuring" });
  const line = el("p", { class: "meta row" }, el("span", { class: "grow" }), el("span"));
  const cancel = button({ label: "Cancel", icon: "close", small: true, onclick: () => job() && api.cancel(job().id).then((next) => state.addJob(next), (error) => shell.fail(error)) });
  const running = el("div", { class: "measuring", hidden: true }, bar, line, cancel);
  const panel = el("aside", { class: "compare-panel", "aria-label": "What is compared" },
    el("div", { class: "compare-scroll" }, el("div", { class: "fields" }, source, first, second, swap), found, running),
    el("div", { class: "compare-foot" }, long, why, go));
  const desk = el("div", { class: "compare-desk" }, players, panel);
  root.append(el("h1", { class: "unseen" }, "Compare"), nothing, desk);

  function take(id) {
    const told = state.jobs.get(id);
    if (told?.kind === "compare") Object.assign(now, { source: told.wanted.source, a: told.wanted.a, b: told.wanted.b });
    isChosen = isChosen || told?.kind === "compare";
  }

  function set(values, chosen = true) {
    Object.assign(now, values);
    isChosen = chosen;
    draw();
  }

  /** The newest comparison of these two, whichever stands left. */
  function job() {
    return [...state.jobs.values()].filter((one) => one.kind === "compare" && one.wanted.source === now.source && [one.wanted.a, one.wanted.b].sort().join() === [now.a, now.b].sort().join()).sort((x, y) => moment(y.created) - moment(x.created))[0] ?? null;
  }

  function draw() {
    const sides = sidesOf(state);
    const isEmpty = !sides.hasAny;
    nothing.hidden = !isEmpty;
    desk.hidden = isEmpty;
    if (isEmpty) {
      nothing.replaceChildren(empty({
        icon: "compare", title: "Two results, side by side", actions: [button({ label: "Make a result", icon: "brush", kind: "primary", href: "#/stylise" })],
        text: "Export one video in two looks, or with two settings, and come back: both play here under one edge, frame by frame, and are measured: which boils less, which keeps more of the picture.",
      }));
      return;
    }
    if (!sides.sources.some((one) => one.id === now.source)) now.source = sides.sources[0]?.id ?? "";
    const medium = state.media.get(now.source);
    if (!medium) return;
    const results = sides.of(medium);
    const own = results.filter((one) => one.isOwn);
    const latest = own.slice(-2);
    const asSource = { id: medium.id, name: medium.name, medium, start: 0 };
    const all = [...results, asSource];
    const is = (id) => all.some((one) => one.id === id);
    const standsIn = (id) => !isChosen && !own.some((one) => one.id === id);
    if (!is(now.a) || standsIn(now.a)) now.a = (latest[0] ?? results[0] ?? asSource).id;
    if (!is(now.b) || now.b === now.a || standsIn(now.b)) now.b = (latest.find((one) => one.id !== now.a) ?? all.find((one) => one.id === medium.id && one.id !== now.a) ?? results.find((one) => one.id !== now.a))?.id ?? now.b;
    source.options = sides.sources.map((one) => ({ value: one.id, label: `${one.name}${sides.count(one) ? ` (${plural(sides.count(one), "result")})` : ""}` }));
    source.value = now.source;
    const options = all.map((one) => ({ value: one.id, label: one.id === medium.id ? `${one.name} (the source)` : one.name }));
    first.options = options;
    second.options = options;
    first.value = now.a;
    second.value = now.b;
    const pair = [now.a, now.b].map((id) => all.find((one) => one.id === id));
    const shape = pair.map((one) => one?.id).join();
    if (shape !== seen && pair.every(Boolean)) {
      seen = shape;
      players.show(...pair);
    }
    shell.remember({ source: now.source, a: isChosen ? now.a : "", b: isChosen ? now.b : "" });
    drawJob(pair);
  }

  let drawn = "";
  function drawJob(pair) {
    const one = job();
    const active = one !== null && isActive(one);
    running.hidden = !active;
    if (active) {
      bar.fraction = one.progress?.fraction ?? null;
      const [left, right] = progressTexts(one);
      line.firstChild.textContent = one.progress ? `Measuring: ${left}` : left;
      line.lastChild.textContent = right;
      cancel.disabled = one.state === "stopping";
    }
    const reason = obstacle(pair);
    why.textContent = reason;
    why.hidden = !reason;
    go.disabled = active || Boolean(reason);
    go.label = one?.state === "done" ? "Measure again" : "Measure";
    go.classList.toggle("primary", one?.state !== "done");
    const isFlipped = one?.wanted.a === now.b;
    const shape = JSON.stringify([one?.id, one?.state, isFlipped]);
    if (shape === drawn) return;
    drawn = shape;
    if (one?.state === "done" && one.comparison) found.replaceChildren(measured({ shell, job: one, isFlipped }));
    else if (one?.state === "failed") found.replaceChildren(el("p", { class: "job-error" }, one.error?.text ?? "It failed."), el("p", { class: "meta" }, one.error?.hint ?? ""));
    else found.replaceChildren();
  }

  function obstacle(pair) {
    if (!pair.every(Boolean) || now.a === now.b) return "Choose two different results.";
    if (pair.some((one) => one.id === now.source)) return "Two results are measured against their source; the source itself can be looked at beside one.";
    if (pair[0].start !== pair[1].start) return "These two begin at different moments of the source: they can be looked at, not measured.";
    return "";
  }

  async function measure() {
    go.busy = true;
    const start = sidesOf(state).side(now.a)?.start || null;
    try {
      state.addJob(await api.start({ kind: "compare", a: now.a, b: now.b, source: now.source, start, frames: length ? Number(length) : null }));
    } catch (error) {
      shell.fail(error, "It was not measured.");
    } finally {
      go.busy = false;
      draw();
    }
  }

  const ends = [state.subscribe("media", draw), state.subscribe("jobs", draw)];
  draw();
  const close = () => {
    for (const end of ends) end();
    players.close();
  };
  close.revisit = (next) => {
    if (next.get("job")) take(next.get("job"));
    else Object.assign(now, { source: next.get("source") ?? now.source, a: next.get("a") ?? now.a, b: next.get("b") ?? now.b });
    draw();
  };
  return close;
}
