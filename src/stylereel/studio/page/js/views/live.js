// Holds the place: the whole file belongs to whoever builds this view.
import { empty } from "../parts/empty.js";

export const title = "Live";

export async function mount(root) {
  root.append(empty({ icon: "camera", title: "Live", text: "The live view is not built into this copy yet." }));
  return () => root.replaceChildren();
}
