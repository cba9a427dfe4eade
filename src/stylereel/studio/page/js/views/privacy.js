import { empty } from "../parts/empty.js";

export const title = "Privacy";

export async function mount(root, shell) {
  root.append(empty({ icon: "shield", title: "Nothing leaves this machine", text: `Uploads and results lie in ${shell.state.about.folder}.` }));
  return () => root.replaceChildren();
}
