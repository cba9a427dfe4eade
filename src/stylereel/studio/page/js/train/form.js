// The new look: what shows it, what it will be put on, how it is called, how long it is learned.

import { el, later } from "../parts/el.js";
import { button } from "../parts/button.js";
import { field, select } from "../parts/choices.js";
import { icon } from "../parts/icon.js";
import { slider } from "../parts/slider.js";
import { asName, makeDraft, wanted } from "./draft.js";
import { makeQueue } from "./queue.js";
import { well } from "./well.js";

const MINUTES = [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720];
const GOOD_SETS = [
  ["picture", "20 to 100 pictures in one manner", "One artist, one technique: paintings, prints, drawings. Scans without frames and walls, 500 px or more."],
  ["brush", "Or one strong picture", "Bold strokes or clear lines. It is cut into many pieces, so the larger the better."],
  ["film", "Or a video", "A cartoon, a painted film. Frames are taken from all of it."],
];

// One for the page: what is on its way when the view is left arrives all the same.
const draft = makeDraft();
const queue = makeQueue();

/** The form; `onStart(job)`. `close()`. */
export function trainForm({ shell, onStart }) {
  const { api, state } = shell;
  if (draft.now.content === null) draft.set({ content: uploadedVideos(state, draft.now.pictures) });
  let can = null;
  const pictures = well({
    shell, queue, title: "The look", lead: "What shows how it should be painted", choose: "Add pictures", teach: goodSets(),
    onChange: (ids, from) => draft.set({ pictures: [...ids], ...(from && !draft.now.name ? { name: asName(from) } : {}) }), onWaiting: () => check.now(), onLate: (id) => draft.set({ pictures: [...draft.now.pictures, id] }),
  });
  const content = well({
    shell, queue, title: "Your footage", lead: "What the look will be put on", choose: "Add footage",
    teach: el("div", { class: "teach" }, el("p", {}, "The look learns to paint on this: a video of yours, or at least four photographs. The more they are like what you film, the better."),
      el("p", { class: "meta" }, "With a video it also learns to hold still where things move.")),
    onChange: (ids) => draft.set({ content: [...ids] }), onWaiting: () => check.now(), onLate: (id) => draft.set({ content: [...(draft.now.content ?? []), id] }),
  });

  const name = field({ label: "Name of the look", placeholder: "my-look", maxlength: 64, required: true, value: draft.now.name, onInput: (text) => draft.set({ name: text }) });
  const minutes = slider({
    label: "Time to learn", min: 0, max: MINUTES.length - 1, step: 1, value: nearest(draft.now.minutes), reset: MINUTES.indexOf(20),
    format: (at) => time(MINUTES[at]), onInput: (at) => draft.set({ minutes: MINUTES[at] }),
  });
  const extend = select({ label: "Where it goes", value: draft.now.extends, options: [{ value: "", label: "A look of its own" }], onChange: (pack) => draft.set({ extends: pack }) });
  const license = field({ label: "Licence of the pictures", placeholder: "unknown", value: draft.now.license, list: "licences", hint: "Stands in the look's card, for whoever gets it.", onInput: (text) => draft.set({ license: text }) });
  const licences = el("datalist", { id: "licences" }, ["Public domain", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "My own work"].map((one) => el("option", { value: one })));
  const credit = field({ label: "Whom to name", placeholder: "Artist or museum", value: draft.now.credit, onInput: (text) => draft.set({ credit: text }) });
  const brush = slider({
    label: "Size of strokes", min: 0.5, max: 2, step: 0.1, value: draft.now.brush, reset: 1, format: (value) => `${value.toFixed(1)} ×`,
    hint: "1 is as large as in the pictures. Larger, if results look like noise.", onInput: (value) => draft.set({ brush: value }),
  });
  const author = field({ label: "Trained by", value: draft.now.author, onInput: (text) => draft.set({ author: text }) });
  const description = field({ label: "The look in a sentence", value: draft.now.description, onInput: (text) => draft.set({ description: text }) });
  const more = el("details", { class: "more" }, el("summary", {}, icon("right", 16), "More settings"), el("div", { class: "fields" }, brush, description, author));
  const plan = el("div", { class: "plan", role: "status", "aria-live": "polite" });
  const start = button({ label: "Start learning", icon: "train", kind: "primary", disabled: true, onclick: () => begin() });
  start.classList.add("wide");
  const install = el("div", { class: "install", hidden: true });
  const panel = el("aside", { class: "train-panel", "aria-label": "Settings of the new look" },
    install, el("div", { class: "train-fields fields" }, name, minutes, extend, license, licences, credit, more),
    el("div", { class: "train-foot" }, plan, start));
  const node = el("div", { class: "train-new" }, el("div", { class: "wells" }, pictures, content), panel);
  pictures.ids = draft.now.pictures;
  content.ids = draft.now.content;

  const say = (kind, ...lines) => {
    plan.className = `plan ${kind}`;
    plan.replaceChildren(...lines.map((line, index) => el("p", { class: index ? "meta" : "" }, line)));
  };
  let asked = 0;
  const check = later(250, async () => {
    const mine = ++asked;
    const { now } = draft;
    const waiting = pictures.waiting + content.waiting;
    start.disabled = true;
    if (can && !can.can_train) return say("", "");
    if (waiting) return say("", `${waiting} ${waiting === 1 ? "file is" : "files are"} being sent.`);
    if (!now.pictures.length) return say("", "Add pictures that show the look.");
    if (!now.content?.length) return say("", "Add footage that the look is for.");
    if (!now.name.trim()) return say("", "Give the look a name.");
    try {
      const told = await api.ask("train/plan", { method: "POST", body: wanted(now) });
      if (mine !== asked) return undefined;
      start.disabled = false;
      return say("ready", told.why, ...told.advice, ...taken(now));
    } catch (error) {
      if (mine !== asked) return undefined;
      return say("wrong", error.message, error.hint ?? "");
    }
  });
  const taken = (now) => (state.looks.some((look) => look.pack === now.name.trim()) ? [`There is a look '${now.name.trim()}' already: you will be asked for another name when you keep this one.`] : []);

  const begin = async () => {
    start.busy = true;
    try {
      const job = await api.start(wanted(draft.now));
      state.addJob(job);
      draft.clear();
      onStart(job);
    } catch (error) {
      shell.fail(error, "The training was not started.");
    } finally {
      start.busy = false;
      check();
    }
  };

  const drawMinutes = () => { minutes.hint = advice(draft.now); };
  const ends = [
    draft.on((changed) => {
      if (changed.has("name") && name.value !== draft.now.name) name.value = draft.now.name;
      if (changed.has("pictures") && pictures.ids.join() !== draft.now.pictures.join()) pictures.ids = draft.now.pictures;
      if (changed.has("content") && content.ids.join() !== (draft.now.content ?? []).join()) content.ids = draft.now.content ?? [];
      drawMinutes();
      check();
    }),
    () => check.stop(),
  ];
  drawMinutes();
  api.ask("train").then((told) => {
    can = told;
    extend.options = [{ value: "", label: "A look of its own" }, ...told.packs.map((pack) => ({ value: pack, label: `Added to the looks of '${pack}'` }))];
    extend.value = told.packs.includes(draft.now.extends) ? draft.now.extends : "";
    extend.hidden = !told.packs.length;
    if (!told.can_train) tellHowToInstall(install, panel, told);
    check.now();
  }, (error) => shell.fail(error));
  node.close = () => {
    for (const end of ends) end();
    for (const one of [pictures, content]) one.close();
  };
  return node;
}

function goodSets() {
  return el("div", { class: "teach" }, el("ul", { class: "good-sets" }, GOOD_SETS.map(([sign, head, text]) =>
    el("li", {}, el("span", { class: "step-icon" }, icon(sign, 18)), el("div", {}, el("h3", {}, head), el("p", { class: "meta" }, text))))),
  el("p", { class: "meta drop-line" }, icon("upload", 16), "Drop files or a whole folder here"));
}

function tellHowToInstall(box, panel, told) {
  const line = el("code", {}, told.install);
  box.hidden = false;
  panel.classList.add("cannot");
  box.replaceChildren(icon("info", 20), el("div", {},
    el("h2", {}, "Learning looks is an extra"),
    el("p", {}, `It needs ${told.missing.join(", ")}, which this installation lacks; putting looks on videos does not. Stop the studio, run this, and start it again:`),
    el("p", { class: "row" }, line, button({ label: "Copy", icon: "copy", small: true, onclick: (event) => {
      navigator.clipboard?.writeText(told.install).then(() => { event.target.closest("button").label = "Copied"; }, () => {});
    } }))));
}

const uploadedVideos = (state, without) => [...state.media.values()].filter((one) => one.kind === "video" && one.origin === "upload" && !without.includes(one.id)).map((one) => one.id);
const nearest = (minutes) => MINUTES.reduce((best, one, at) => (Math.abs(one - minutes) < Math.abs(MINUTES[best] - minutes) ? at : best), 0);
const time = (minutes) => (minutes < 60 ? `${minutes} min` : `${minutes / 60} h`);

function advice({ minutes, pictures, extends: pack }) {
  if (pack) return minutes < 10 ? "Short: fifteen minutes are usual for a look that is added." : "";
  if (minutes < 10) return "Enough to see the palette come; strokes want more.";
  if (pictures.length > 1 && minutes < 60) return "A start. A set of paintings wants an hour.";
  if (pictures.length === 1 && minutes > 60) return "One picture is learned in less; more time refines little.";
  return "";
}
