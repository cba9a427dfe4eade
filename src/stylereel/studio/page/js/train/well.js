// A place for pictures and videos: drop files or folders, see them as tiles, take single ones out again.

import { el, property } from "../parts/el.js";
import { button } from "../parts/button.js";
import { dialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { progress } from "../parts/progress.js";
import { plural } from "../parts/format.js";
import { MEDIA_ACCEPT, mediaOf, takesFolders } from "../parts/folders.js";

const TILE_PX = 192;

/**
 * title, lead: its head. queue: of files on their way, shared by all places. teach: an element shown while it is empty. `onChange(ids, folder)`: what it holds has changed.
 * `onLate(id)`: a file arrived when the view was left already.
 * `.ids = [...]`, `.waiting` (uploads under way), `close()`.
 */
export function well({ shell, queue, title, lead, teach, choose, onChange, onLate, onWaiting }) {
  const { api, state } = shell;
  const tiles = new Map();
  let ids = [];
  let waiting = 0;
  let told = 0;
  let isClosed = false;
  const count = el("span", { class: "meta", role: "status" });
  const files = input(false);
  const folder = input(true);
  const add = button({ label: choose, icon: "plus", small: true, onclick: () => files.click() });
  const addFolder = button({ label: "Folder", icon: "folder", small: true, title: "Add everything in a folder", onclick: () => folder.click() });
  const pick = button({ label: "From the studio", icon: "film", small: true, title: "Choose from what is in the studio already", onclick: () => choosing() });
  const clear = button({ label: "Take all out", icon: "close", small: true, only: true, kind: "quiet", onclick: () => change([]) });
  const grid = el("ul", { class: "tiles" });
  const node = el("section", { class: "well", "aria-label": title },
    el("header", {}, el("div", { class: "grow" }, el("h2", {}, title), el("p", { class: "meta" }, lead)), count, clear),
    el("div", { class: "well-body" }, teach, grid),
    el("div", { class: "well-foot row" }, add, addFolder, pick, files, folder));

  function input(isFolder) {
    const field = el("input", { type: "file", multiple: true, class: "unseen", tabIndex: -1, accept: isFolder ? "" : MEDIA_ACCEPT, "aria-label": isFolder ? `A folder for ${title.toLowerCase()}` : `Files for ${title.toLowerCase()}`, onchange: () => {
      const given = [...field.files];
      const name = isFolder ? given[0]?.webkitRelativePath.split("/")[0] ?? "" : "";
      field.value = "";
      if (given.length) take(given, name);
    } });
    if (isFolder) field.webkitdirectory = true;
    return field;
  }

  function take(given, from = "") {
    const { files: good, skipped } = mediaOf(given);
    if (skipped) shell.toast(`${plural(skipped, "file")} left out: not a picture or a video.`, "info");
    if (!good.length) return;
    if (from || good.length === 1) onChange(ids, from || good[0].name);
    waiting += good.length;
    for (const file of good) send(file, sending(file));
    draw();
  }

  async function send(file, tile) {
    try {
      const medium = await queue.add(() => {
        if (tile.gone) return null;
        const upload = shell.upload(file, (sent, total) => { tile.bar.fraction = sent < total ? sent / total : null; });
        tile.cancel = upload.cancel;
        return upload.done;
      });
      if (medium && isClosed) onLate(medium.id);
      else if (medium && !ids.includes(medium.id)) ids = [...ids, medium.id];
    } catch (error) {
      if (!tile.gone) shell.fail(error, `"${file.name}" was left out.`);
    }
    tile.node.remove();
    waiting -= 1;
    if (!isClosed) change(ids);
  }

  function sending(file) {
    const bar = progress({ label: `Upload of ${file.name}`, slim: true, fraction: 0 });
    const tile = { gone: false, bar, cancel: null };
    tile.node = el("li", { class: "tile sending", title: file.name }, el("span", { class: "tile-name cut" }, file.name), bar,
      button({ label: `Cancel ${file.name}`, icon: "close", only: true, small: true, kind: "glass", onclick: () => {
        tile.gone = true;
        tile.cancel?.();
        tile.node.remove();
        draw();
      } }));
    grid.append(tile.node);
    return tile;
  }

  function kept(id) {
    const medium = state.media.get(id);
    const name = medium?.name ?? "";
    const img = el("img", { alt: "", loading: "lazy", decoding: "async", src: api.frame(id, 0, TILE_PX) });
    return el("li", { class: "tile", title: name }, img, medium?.kind === "video" ? el("span", { class: "tile-kind" }, icon("film", 14)) : null,
      el("span", { class: "unseen" }, name),
      button({ label: `Take out ${name}`, icon: "close", only: true, small: true, kind: "glass", onclick: (event) => {
        const next = event.currentTarget.closest("li").nextElementSibling ?? add;
        change(ids.filter((one) => one !== id));
        (next.querySelector?.("button") ?? next).focus();
      } }));
  }

  function change(next) {
    ids = next;
    draw();
    onChange(ids, "");
  }

  function draw() {
    for (const [id, tile] of tiles) if (!ids.includes(id)) {
      tile.remove();
      tiles.delete(id);
    }
    for (const id of ids) if (!tiles.has(id)) {
      tiles.set(id, kept(id));
      grid.insertBefore(tiles.get(id), grid.querySelector(".sending"));
    }
    teach.hidden = ids.length + waiting > 0;
    grid.hidden = !teach.hidden;
    clear.hidden = !ids.length;
    pick.hidden = !choices().length;
    node.classList.toggle("filled", ids.length > 0);
    add.classList.toggle("primary", !ids.length && !waiting);
    count.textContent = waiting ? `${ids.length} here, ${waiting} to come` : ids.length ? plural(ids.length, "file") : "";
    if (waiting !== told) onWaiting?.(waiting);
    told = waiting;
  }

  const choices = () => [...state.media.values()].filter((one) => one.origin === "upload");

  function choosing() {
    const chosen = new Set(ids);
    const list = el("div", { class: "tiles choosing" }, choices().map((one) => {
      const box = el("input", { type: "checkbox", checked: chosen.has(one.id), onchange: () => (box.checked ? chosen.add(one.id) : chosen.delete(one.id)) });
      return el("label", { class: "tile", title: one.name }, el("img", { alt: "", loading: "lazy", src: api.frame(one.id, 0, TILE_PX) }), box, el("span", { class: "tile-name cut" }, one.name));
    }));
    const window = dialog({ title: `${title}: choose from the studio`, body: list, actions: [button({ label: "Take these", kind: "primary", onclick: () => {
      change([...ids.filter((id) => chosen.has(id)), ...[...chosen].filter((id) => !ids.includes(id))]);
      window.close();
    } })] });
  }

  takesFolders(node, take);
  const ends = [state.subscribe("media", () => {
    const there = ids.filter((id) => state.media.has(id));
    if (there.length !== ids.length) change(there);
    else draw();
  })];
  property(node, "ids", () => ids, (next) => {
    ids = next.filter((id) => state.media.has(id));
    draw();
  });
  property(node, "waiting", () => waiting, () => {});
  node.close = () => {
    for (const end of ends) end();
    isClosed = true;
  };
  draw();
  return node;
}
