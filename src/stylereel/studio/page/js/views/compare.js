// Holds the place: the whole file belongs to whoever builds this view.
import { empty } from "../parts/empty.js";

export const title = "Compare";

export async function mount(root) {
  root.append(empty({ icon: "compare", title: "Compare", text: "The compare view is not built into this copy yet." }));
  return () => root.replaceChildren();
}
