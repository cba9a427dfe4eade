// Fills the filmstrip: every look on what is seen just now, card by card as they are painted.

import { address } from "../api.js";

/** For a filmstrip: `.film(medium)` and `.frame(jpeg)` fill its cards, `.end()` stops; `.isFilling` while they come. */
export function gallery(strip) {
  let turn = null;

  const fill = async (ask) => {
    turn?.abort();
    const mine = turn = new AbortController();
    try {
      const answer = await ask(mine.signal);
      if (!answer.ok) return;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done || mine.signal.aborted) return;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines) show(JSON.parse(line));
      }
    } catch (error) {
      if (error.name !== "AbortError") console.warn(error); // cards without pictures can be chosen as well
    } finally {
      if (turn === mine) turn = null;
    }
  };
  const show = ({ look, picture }) => {
    const card = strip.card(look);
    if (card && picture) card.picture = picture;
  };

  return {
    get isFilling() { return turn !== null; },
    film: (medium) => (medium ? fill((signal) => fetch(address(`media/${medium}/gallery`, { t: 1, side: 240 }), { signal })) : null),
    frame: (jpeg) => fill((signal) => fetch(address("live/gallery", { side: 240 }), { method: "POST", body: jpeg, signal })),
    end: () => turn?.abort(),
  };
}
