// Holds the place: the whole file belongs to whoever builds this view.
import { empty } from "../parts/empty.js";

export const title = "Train";

export async function mount(root) {
  root.append(empty({ icon: "train", title: "Train", text: "The training view is not built into this copy yet." }));
  return () => root.replaceChildren();
}
