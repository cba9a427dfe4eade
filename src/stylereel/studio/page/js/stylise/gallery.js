// The looks as a filmstrip: each card shows its look on this video at this moment, filled one after another.

import { filmstrip } from "../parts/filmstrip.js";
import { later } from "../parts/el.js";
import { packTitle } from "./choice.js";

const CARD_SIDE = 240;

/** `show(medium, t)` fills the cards anew when time has rested; `pause(yes)` waits while the big picture is painted. */
export function gallery({ shell, onSelect }) {
  const node = filmstrip({ label: "Looks", onSelect });
  let urls = new Map();
  let wanted = null;
  let drawn = "";
  let isPaused = false;
  let turn = 0;
  let control = new AbortController();

  const build = () => {
    const looks = shell.state.looks;
    const shape = JSON.stringify(looks.map((one) => one.id));
    if (shape === drawn) return;
    drawn = shape;
    node.groups = groupsOf(looks);
    restart.now();
  };
  // From the chosen one outwards: what is in sight comes first.
  const order = () => {
    const ids = [...node.cards.keys()];
    const at = Math.max(0, ids.indexOf(node.value));
    return ids.map((id, index) => ({ id, far: Math.abs(index - at) })).sort((a, b) => a.far - b.far).map((one) => one.id);
  };
  const fill = async () => {
    const mine = ++turn;
    control.abort();
    control = new AbortController();
    if (!wanted) return;
    const { medium, t } = wanted;
    for (const id of order()) {
      while (isPaused && mine === turn) await pause(60);
      if (mine !== turn) return;
      const card = node.card(id);
      try {
        const { blob } = await shell.api.preview(medium.id, { t, look: id, strength: 1, side: CARD_SIDE, card: true }, control.signal);
        if (mine !== turn) return;
        const url = URL.createObjectURL(blob);
        card.picture = url;
        card.stale = false;
        card.note = "";
        if (urls.has(id)) URL.revokeObjectURL(urls.get(id));
        urls.set(id, url);
      } catch (error) {
        if (error.name === "AbortError" || mine !== turn) return;
        card.note = "No preview";
        card.title = error.message;
      }
    }
  };
  const restart = later(350, fill);
  const clear = () => {
    for (const url of urls.values()) URL.revokeObjectURL(url);
    urls = new Map();
    for (const card of node.cards.values()) card.picture = null;
  };
  const ends = [shell.state.subscribe("looks", build)];
  build();
  return Object.assign(node, {
    show(medium, t) {
      const isOther = wanted?.medium.id !== medium?.id;
      wanted = medium ? { medium, t } : null;
      if (isOther) {
        clear();
        restart.now();
        return;
      }
      for (const card of node.cards.values()) card.stale = Boolean(card.picture);
      restart();
    },
    pause(yes) { isPaused = yes; },
    close() {
      turn += 1;
      control.abort();
      restart.stop();
      clear();
      for (const end of ends) end();
    },
  });
}

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

function groupsOf(looks) {
  const groups = new Map();
  for (const look of looks) {
    const key = look.is_mine ? "mine" : look.mixes ? look.pack : "single";
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push({ value: look.id, title: look.title });
  }
  const heads = { mine: ["Yours", ""], single: ["Single looks", ""] };
  return [...groups].map(([key, items]) => {
    const [title, hint] = heads[key] ?? [packTitle(key), "· can be mixed with each other"];
    return { title, hint, items };
  });
}
