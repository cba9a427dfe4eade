import { el } from "./el.js";
import { button } from "./button.js";
import { icon } from "./icon.js";

/**
 * A place to drop files on, with a button that opens the file chooser.
 * `onFiles([File])`. `accept` as of `<input type=file>`; `folder: true` takes folders too.
 */
export function dropzone({ title, text = "", note = null, choose = "Choose a file", accept = "", many = true, onFiles, kind = "large", more = null }) {
  const input = el("input", { type: "file", accept, multiple: many, class: "unseen", tabIndex: -1, "aria-label": choose, onchange: () => {
    const files = [...input.files];
    input.value = "";
    if (files.length) onFiles(files);
  } });
  const node = el("div", { class: `dropzone ${kind}` },
    el("span", { class: "dropzone-icon" }, icon("upload", 28)),
    el("h2", {}, title), text ? el("p", { class: "muted" }, text) : null,
    el("div", { class: "row" }, button({ label: choose, icon: "plus", kind: "primary", onclick: () => input.click() }), more),
    note, input);
  takesDrops(node, onFiles);
  return node;
}

/** Makes `node` take dropped files; while files hang over it, it has the class "over". */
export function takesDrops(node, onFiles) {
  takes(node, (transfer) => {
    const files = [...transfer.files];
    if (files.length) onFiles(files);
  });
}

/** The same with what was dropped as it is: `onDrop(transfer)`, called within the event. */
export function takes(node, onDrop) {
  let depth = 0;
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (by) => {
    depth = Math.max(0, depth + by);
    node.classList.toggle("over", depth > 0);
  };
  node.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(1);
  });
  node.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  node.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  node.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(-depth);
    onDrop(event.dataTransfer);
  });
}
