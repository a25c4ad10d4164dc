// What can be done with a message: answer it, copy it, share its address; for moderators, remove it. Loaded when
// it is first opened: by the message's time, on a touch screen by the message itself, or by the keyboard.

import { byId, element, messageAddress } from "../functions.js";
import { moveByArrows } from "./arrow_keys.js";
import { placeNear } from "./person_menu.js";
import { text } from "./texts.js";

/** As much of a message as an answer to it repeats. */
const MAX_QUOTED = 60;
/** How long a button says that it has copied. */
const COPIED_MS = 700;

const menu = byId("message-menu");
moveByArrows(menu);

/** `room`: name, you, moderator, whisper(name), answer(words), command(line). */
export function openMessageMenu(room, record, place) {
  const act = (words, action, className = "") => {
    const button = element("button", { type: "button", class: className, onclick: async () => {
      if (await action()) {
        button.textContent = text("copied");
        await new Promise((resolve) => setTimeout(resolve, COPIED_MS));
      }
      menu.hidePopover();
    } }, words);
    return button;
  };
  const closing = (action) => () => {
    menu.hidePopover();
    action();
  };
  const others = record.from !== room.you;
  const kept = record.type !== "whisper";
  menu.setAttribute("aria-label", text("messageActions"));
  menu.replaceChildren(...[
    others && kept && act(text("reply"), closing(() => room.answer(quoted(record)))),
    others && act(text("whisper"), closing(() => room.whisper(record.from))),
    act(text("copyText"), () => copy(record.text)),
    kept && act(text("copyLink"), () => copy(messageAddress(room.name, record.id))),
    kept && room.moderator && act(text("redact"), closing(() => room.command(`/redact ${record.id}`)), "danger"),
  ].filter(Boolean));
  menu.showPopover();
  placeNear(menu, place);
  menu.querySelector("button").focus();
}

/** `bob: "the words" – `, so that also old pages and other programs show what is answered. */
function quoted({ from, text: words }) {
  const letters = [...words];
  const cut = letters.length > MAX_QUOTED ? `${letters.slice(0, MAX_QUOTED - 1).join("")}…` : words;
  return `${from}: “${cut}” –`;
}

async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    // On a page without https: the old way.
    const field = element("textarea", { class: "visually-hidden", "aria-hidden": "true" });
    field.value = words;
    menu.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  return true;
}
