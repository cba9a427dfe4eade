// Keeping what was learned: under its name, another one, or in the place of an older look when that is wanted.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { field } from "../parts/choices.js";
import { dialog } from "../parts/dialog.js";

/** Keeps at once where the name is free; asks where it is not, or where the look is kept already. */
export async function keepLook({ shell, job, taken, onKept }) {
  const name = job.wanted.name;
  if (taken || shell.state.looks.some((look) => look.pack === name)) {
    ask({ shell, job, name, taken, onKept });
    return;
  }
  try {
    await keep({ shell, job, name, overwrite: false, onKept });
  } catch (error) {
    if (error.status === 409) ask({ shell, job, name, taken: name, onKept });
    else shell.fail(error, "The look was not kept.");
  }
}

async function keep({ shell, job, name, overwrite, onKept }) {
  const kept = await shell.api.ask(`jobs/${job.id}/keep`, { method: "POST", body: { name, overwrite } });
  await shell.state.readLooks().catch(() => {});
  onKept(kept);
  shell.toast(`'${kept.name}' stands among your looks now.`, "done", { actions: [button({ label: "Use it on a video", small: true, href: `#/stylise?look=${encodeURIComponent(kept.looks[0])}` })] });
}

function ask({ shell, job, name, taken, onKept }) {
  const isShipped = (one) => shell.state.looks.some((look) => look.pack === one && !look.is_mine);
  const is = (one) => shell.state.looks.some((look) => look.pack === one);
  const go = button({ label: "Keep", kind: "primary", onclick: () => act(false) });
  const replace = button({ label: "Replace", kind: "danger", hidden: true, onclick: () => act(true) });
  const typed = field({ label: "Name", value: free(name, is), maxlength: 64, onInput: () => draw() });
  const window = dialog({ title: "Keep this look", kind: "small", body: [
    el("p", {}, taken ? `It is kept as '${taken}' already. Under another name it stands beside it.` : `There is a look '${name}' already. Give this one another name, or let it take its place.`), typed],
  actions: [button({ label: "Not now", onclick: () => window.close() }), replace, go] });
  window.classList.add("keep-window");
  const draw = (error = "") => {
    const now = typed.value.trim();
    const there = is(now);
    go.hidden = there;
    replace.hidden = !there;
    replace.label = isShipped(now) ? `Hide the shipped '${now}'` : `Replace '${now}'`;
    typed.error = error;
  };
  const act = async (overwrite) => {
    const pressed = overwrite ? replace : go;
    pressed.busy = true;
    try {
      await keep({ shell, job, name: typed.value.trim(), overwrite, onKept });
      window.close();
    } catch (error) {
      draw([error.message, error.status === 409 ? "" : error.hint].filter(Boolean).join(" "));
      if (error.status === 409) {
        go.hidden = true;
        replace.hidden = false;
      }
    } finally {
      pressed.busy = false;
    }
  };
  typed.input.addEventListener("keydown", (event) => event.key === "Enter" && !go.hidden && act(false));
  draw();
  typed.input.select();
}

function free(name, is) {
  if (!is(name)) return name;
  let number = 2;
  while (is(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}
