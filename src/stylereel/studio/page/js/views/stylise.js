import { dropzone } from "../parts/dropzone.js";

export const title = "Stylise";

export async function mount(root, shell) {
  root.append(dropzone({ title: "Drop a video or a picture here", onFiles: (files) => files.forEach((file) => shell.upload(file).done.catch(shell.fail)) }));
  return () => root.replaceChildren();
}
