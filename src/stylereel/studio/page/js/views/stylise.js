// Stylise: a video or a picture, a look, an export.

import { el, later } from "../parts/el.js";
import { button } from "../parts/button.js";
import { tabs } from "../parts/tabs.js";
import { takesDrops } from "../parts/dropzone.js";
import { adjust } from "../stylise/adjust.js";
import { lookOf, makeChoice, uploads } from "../stylise/choice.js";
import { exporting } from "../stylise/export.js";
import { gallery } from "../stylise/gallery.js";
import { library } from "../stylise/library.js";
import { loopPlayer } from "../stylise/loop.js";
import { stage } from "../stylise/stage.js";
import { facts, transport } from "../stylise/transport.js";
import { sending } from "../uploads.js";
import { welcome } from "../stylise/welcome.js";

export const title = "Stylise";
export const styles = ["stylise"];

const LOOK_KEYS = ["look", "mix", "share", "strength", "colors"];
const any = (changed, ...keys) => keys.some((key) => changed.has(key));

export async function mount(root, shell, params) {
  const { state } = shell;
  let medium = null;
  let wasAway = false;
  const write = () => shell.remember(choice.forAddress());
  const writeSoon = later(150, write);
  // What is pressed is written at once, what is dragged when it rests: browsers limit how often an address changes.
  const choice = makeChoice(params, (changed) => (any(changed, "media", "look", "mix", "tab", "colors", "format", "side") ? write() : writeSoon()));
  const big = stage({ shell, choice });
  const looks = gallery({ shell, onSelect: (look) => choice.set({ look }) });
  const loop = loopPlayer({ shell, choice, video: big.loop, onState: (now) => {
    bar.loop = now;
    bar.sound = now.state === "playing" && medium?.has_sound ? choice.now.sound : null;
    big.playing(now.state === "playing");
  } });
  const bar = transport({
    onTime: (t) => choice.set({ t }), onView: (view) => choice.set({ view }), onLoop: () => loop.toggle(medium),
    onSound: () => choice.set({ sound: !choice.now.sound }),
  });
  const files = library({ shell, onOpen: (one) => choice.set({ ...fresh, media: one.id }) });
  const first = welcome({ shell, onFiles: files.add });
  const adjusting = adjust({ shell, choice });
  const out = exporting({ shell, choice });
  const name = el("h2", { class: "source-name cut" });
  const about = el("p", { class: "meta" });
  const toExport = button({ label: "Export…", kind: "primary", onclick: () => choice.set({ tab: "export" }) });
  toExport.classList.add("wide");
  const halves = tabs({ label: "Settings", value: choice.now.tab, tabs: [{ id: "adjust", label: "Adjust", panel: adjusting }, { id: "export", label: "Export", panel: out }], onChange: (tab) => choice.set({ tab }) });
  const foot = el("div", { class: "panel-foot" }, toExport, out.foot);
  const panel = el("aside", { class: "panel", "aria-label": "Settings" },
    el("header", { class: "source" }, el("div", { class: "grow" }, name, about), button({ label: "Delete this file", icon: "trash", only: true, kind: "quiet", onclick: () => files.remove(medium) })), halves, foot);
  const centre = el("section", { class: "centre", "aria-label": "Picture" }, big, bar, looks);
  const desk = el("div", { class: "desk" }, files, centre, panel);
  root.append(el("h1", { class: "unseen" }, "Stylise"), first, desk);
  takesDrops(desk, files.add);
  const fresh = { t: 0, from: null, to: null, name: "", side: 0, loop: "" };

  const find = () => state.media.get(choice.now.media) ?? uploads(state)[0] ?? null;
  const drawFile = () => {
    const next = find();
    first.hidden = Boolean(next);
    desk.hidden = !next;
    files.onUploads();
    if (next && next.id === medium?.id) return;
    medium = next;
    state.current = medium?.id ?? null;
    files.draw(medium?.id ?? "");
    if (!medium) return;
    if (choice.now.media !== medium.id) choice.set({ ...(choice.now.media ? fresh : {}), media: medium.id });
    name.textContent = name.title = medium.name;
    about.textContent = facts(medium).join(" · ");
    bar.show(medium);
    big.show(medium);
    looks.show(medium, choice.now.t);
    drawAll();
  };
  const drawAll = () => {
    const { now } = choice;
    bar.time = now.t;
    bar.view = now.view;
    big.edge.value = now.view;
    bar.range = [now.from, now.to];
    looks.value = lookOf(now, state.looks)?.id ?? null;
    drawTab();
    adjusting.draw(medium);
    out.draw(medium);
    out.drawJobs(medium);
  };
  const drawTab = () => {
    halves.value = choice.now.tab === "export" ? "export" : "adjust";
    toExport.hidden = halves.value === "export";
    out.foot.hidden = halves.value !== "export";
  };
  files.onUploads = () => first.draw(sending());
  const ends = [
    choice.on((changed) => {
      if (changed.has("media")) {
        loop.changed();
        drawFile();
        return;
      }
      if (!medium) return;
      if (any(changed, "t", "steady", ...LOOK_KEYS)) loop.changed();
      if (changed.has("t")) {
        bar.time = choice.now.t;
        big.ask();
        looks.show(medium, choice.now.t);
      } else if (any(changed, "side", ...LOOK_KEYS)) big.ask({ onlyLook: true });
      if (changed.has("look")) looks.value = choice.now.look;
      if (any(changed, "steady", ...LOOK_KEYS)) adjusting.draw(medium);
      if (any(changed, "look", "mix", "share", "format", "side", "quality", "from", "to", "name")) out.draw(medium);
      if (any(changed, "from", "to")) bar.range = [choice.now.from, choice.now.to];
      if (changed.has("view")) bar.view = big.edge.value = choice.now.view;
      if (changed.has("tab")) drawTab();
      if (changed.has("sound")) {
        big.loop.muted = !choice.now.sound;
        bar.sound = loop.state === "playing" && medium.has_sound ? choice.now.sound : null;
      }
    }),
    state.subscribe("media", drawFile),
    state.subscribe("looks", () => medium && (drawAll(), big.ask({ onlyLook: true }))),
    state.subscribe("connection", (isThere) => {
      if (isThere && wasAway && medium) {
        big.ask();
        looks.show(medium, choice.now.t);
      }
      wasAway = !isThere;
    }),
    state.subscribe("jobs", ({ job, before }) => medium && (job ?? before)?.kind === "stylize" && out.drawJobs(medium)),
  ];
  drawFile();
  if (medium && choice.now.loop) loop.revive(medium);
  writeSoon.now();

  const close = () => {
    writeSoon.stop();
    for (const end of ends) end();
    for (const part of [loop, files, looks, big]) part.close();
  };
  close.revisit = (next) => choice.read(next);
  return close;
}
