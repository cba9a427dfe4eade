// Files out of what was dropped or chosen: whole folders too, with everything below them.

import { takes } from "./dropzone.js";

const MEDIA = /\.(jpe?g|png|webp|bmp|tiff?|ppm|jp2|mp4|mov|mkv|webm|avi|m4v|mpe?g|ts|mts|m2ts|gif|ogv|wmv|flv|3gp|mxf|y4m|apng)$/i;

export const MEDIA_ACCEPT = "image/*,video/*,.mkv,.avi,.mov,.webm,.ts,.mxf,.y4m";

/** Of files, those that are pictures or videos by their names, in the order of their names, and how many were not. */
export function mediaOf(files) {
  const good = files.filter((file) => !file.name.startsWith(".") && (MEDIA.test(file.name) || /^(image|video)\//.test(file.type)));
  good.sort((a, b) => (a.webkitRelativePath || a.name).localeCompare(b.webkitRelativePath || b.name, "en", { numeric: true }));
  return { files: good, skipped: files.filter((file) => !file.name.startsWith(".")).length - good.length };
}

/** Everything that was dropped, folders opened: {files, folder: name of the one folder or ""}. Ask within the event. */
export function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...transfer.files];
  const folders = entries.filter((entry) => entry.isDirectory);
  if (!folders.length) return Promise.resolve({ files: plain, folder: "" });
  return Promise.all(entries.map(filesIn)).then((found) => ({ files: found.flat(), folder: folders.length === 1 && entries.length === 1 ? folders[0].name : "" }));
}

async function filesIn(entry) {
  if (entry.isFile) return new Promise((resolve) => entry.file((file) => resolve([file]), () => resolve([])));
  const reader = entry.createReader();
  const found = [];
  for (;;) { // a reader gives a hundred at a time
    const part = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!part.length) break;
    found.push(...part);
  }
  return (await Promise.all(found.map(filesIn))).flat();
}

/** Makes `node` take files and folders; `onFiles(files, folder)`. While something hangs over it, it has the class "over". */
export function takesFolders(node, onFiles) {
  takes(node, async (transfer) => {
    const { files, folder } = await dropped(transfer);
    if (files.length) onFiles(files, folder);
  });
}
