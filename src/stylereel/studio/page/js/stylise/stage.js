// The big picture: the source's frame and the frame in the look, with a wipe; or the loop that plays.

import { el } from "../parts/el.js";
import { wipe } from "../parts/wipe.js";
import { patient, spinner } from "../parts/progress.js";
import { button } from "../parts/button.js";
import { icon } from "../parts/icon.js";
import { blobPicture, latest } from "./latest.js";
import { CLIENT, lookName, lookOf, lookSettings } from "./choice.js";

const QUICK_SIDE = 640;
const REST_MILLISECONDS = 260;

/** The stage. `show(medium)`, `ask()` draws anew, `.loop` a `<video>` element, `playing(yes)`, `close()`. */
export function stage({ shell, choice }) {
  const before = el("img", { alt: "", hidden: true, draggable: false });
  const after = el("img", { alt: "", hidden: true, draggable: false });
  const pictures = { before: blobPicture(before), after: blobPicture(after) };
  const edge = wipe({ before, after, value: choice.now.view, label: "Before and after", onChange: (view) => choice.set({ view }) });
  const loop = el("video", { class: "loop", loop: true, muted: true, playsInline: true, hidden: true });
  const ring = el("div", { class: "stage-busy" }, spinner("The frame is being painted"));
  const failed = el("div", { class: "stage-failed", role: "alert", hidden: true });
  const chip = el("span", { class: "stage-chip", hidden: true });
  const picture = el("div", { class: "stage-picture" }, edge, loop, chip, ring, failed);
  const node = el("div", { class: "stage" }, picture);
  const busy = patient(ring);
  let medium = null;
  let rest = 0;

  const side = () => Math.ceil(Math.max(picture.clientWidth, picture.clientHeight) * devicePixelRatio);
  const fail = (error) => {
    if (error.status === 409 || error.status === 499) return; // a newer request took its place
    failed.replaceChildren(icon("warning", 24), el("p", {}, el("strong", {}, error.message), error.hint ? ` ${error.hint}` : ""),
      button({ label: "Try again", icon: "reset", onclick: () => ask() }));
    failed.hidden = false;
  };
  const source = latest({
    ask: ({ id, ...wanted }, signal) => shell.api.frameBlob(id, wanted, signal),
    onResult: ({ blob }, { id }) => id === medium?.id && pictures.before.show(blob),
    onError: fail,
  });
  const styled = latest({
    ask: ({ id, ...wanted }, signal) => shell.api.preview(id, wanted, signal),
    onResult: ({ blob, headers }, wanted) => {
      if (wanted.id !== medium?.id) return;
      failed.hidden = true;
      pictures.after.show(blob).then(() => node.dispatchEvent(new CustomEvent("painted", { detail: { wanted, headers } })));
      if (!wanted.exact && Number(headers.get("x-stroke-scale") ?? 1) > 1.001) refine(wanted);
    },
    onError: fail,
    onBusy: busy,
  });
  // A large frame is first painted small; once nothing moves, it is painted as the export will be.
  const refine = (wanted) => {
    clearTimeout(rest);
    rest = setTimeout(() => !styled.isBusy && styled.want({ ...wanted, side: side(), exact: true }), REST_MILLISECONDS);
  };
  const ask = ({ onlyLook = false } = {}) => {
    if (!medium) return;
    clearTimeout(rest);
    const settings = lookSettings(choice.now, shell.state.looks);
    const wanted = { id: medium.id, t: choice.now.t, side: Math.min(Math.max(side(), 320), 1920) };
    if (!onlyLook) source.want(wanted);
    if (settings.look) styled.want({ ...wanted, ...settings, side: Math.min(wanted.side, QUICK_SIDE * 1.5), max_side: choice.now.side || undefined, client: CLIENT });
    const name = lookName(lookOf(choice.now, shell.state.looks), shell.state.looks);
    before.alt = `${medium.name} as it is`;
    after.alt = `${medium.name} in the look ${name}`;
  };
  const show = (next) => {
    const isOther = next?.id !== medium?.id;
    medium = next;
    if (!medium) return;
    const ratio = String(medium.width / medium.height || 16 / 9);
    picture.style.setProperty("--ratio", ratio);
    node.style.setProperty("--stage-ratio", ratio);
    if (isOther) {
      source.drop();
      styled.drop();
      pictures.before.clear();
      pictures.after.clear();
      failed.hidden = true;
    }
    ask();
  };
  const resized = new ResizeObserver(() => {
    clearTimeout(resized.timer);
    resized.timer = setTimeout(() => medium && side() > resized.last * 1.25 && ask(), 400);
  });
  resized.last = 640;
  node.addEventListener("painted", () => { resized.last = Math.max(320, side()); });
  resized.observe(picture);
  return Object.assign(node, {
    edge, loop, show, ask,
    playing(yes) {
      loop.hidden = !yes;
      edge.hidden = yes;
      chip.hidden = !yes;
      chip.textContent = `Loop of 3 s, painted at 640 px`;
    },
    close() {
      resized.disconnect();
      clearTimeout(rest);
      source.close();
      styled.close();
      pictures.before.clear();
      pictures.after.clear();
      loop.pause();
      loop.removeAttribute("src");
    },
  });
}
