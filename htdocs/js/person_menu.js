// What can be done with a person: whisper, mention, ignore; for moderators more.

import { byId, element } from "../functions.js";
import { moveByArrows } from "./arrow_keys.js";
import { nameColor } from "./colors.js";
import { ignore, isIgnored, unignore } from "./preferences.js";
import { text } from "./texts.js";

const menu = byId("person-menu");
moveByArrows(menu);

/** `room`: you, moderator, background, whisper(name), mention(name), command(line), changeName(). */
export function openPersonMenu(room, name, color, button) {
  const act = (words, action, className = "") =>
    element("button", { type: "button", class: className, onclick: () => {
      menu.hidePopover();
      action();
    } }, words);
  const title = element("strong", { class: "menu-title" }, element("bdi", {}, name));
  title.style.setProperty("--name-color", nameColor(name, color, room.background));
  const actions = name === room.you
    ? [act(text("yourName"), room.changeName)]
    : [
      act(text("whisper"), () => room.whisper(name)),
      act(text("mention"), () => room.mention(name)),
      isIgnored(name) ? act(text("unignore"), () => unignore(name)) : act(text("ignore"), () => ignore(name)),
      ...(room.moderator ? [act(text("kick"), () => room.command(`/kick ${name}`), "danger"), act(text("ban"), () => room.command(`/ban ${name}`), "danger")] : []),
    ];
  menu.setAttribute("aria-label", text("actionsFor", { name }));
  menu.setAttribute("role", "group");
  menu.replaceChildren(title, ...actions);
  menu.showPopover();
  placeNear(menu, button);
  menu.querySelector("button").focus();
  menu.addEventListener("toggle", (event) => event.newState === "closed" && document.activeElement === document.body && button.focus(), { once: true });
}

/** Beside `button`, wholly on the screen. */
export function placeNear(box, button) {
  const place = button.getBoundingClientRect();
  const left = Math.min(place.left, innerWidth - box.offsetWidth - 8);
  const below = place.bottom + 4 + box.offsetHeight < innerHeight;
  box.style.left = `${Math.max(8, left)}px`;
  box.style.top = `${below ? place.bottom + 4 : Math.max(8, place.top - box.offsetHeight - 4)}px`;
}
