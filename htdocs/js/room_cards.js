// A room as one line of a list.

import { ago, element, initial, roomAddress } from "../functions.js";
import { colorOfName, nameColor } from "./colors.js";
import { nameBackdrop } from "./frame.js";
import { language, text } from "./texts.js";

function avatar(name) {
  const node = element("span", { class: "avatar", "aria-hidden": "true" }, initial(name));
  node.style.setProperty("--name-color", nameColor(name, colorOfName(name), nameBackdrop()));
  return node;
}

export function peopleWords(people) {
  if (people === 0) return text("nobody");
  return people === 1 ? text("onePerson") : text("people", { count: people });
}

export function roomCard(room, address = roomAddress) {
  const figures = room.people > 0
    ? element("span", { class: "people-count" }, peopleWords(room.people))
    : element("span", {}, room.changed ? ago(new Date(room.changed), language) : "");
  return element("li", {}, element("a", { class: "room-card", href: address(room.name) },
    avatar(room.name),
    element("span", { class: "room-name", dir: "auto" }, room.name),
    room.description ? element("span", { class: "room-about", dir: "auto" }, room.description) : null,
    element("span", { class: "room-figures" }, figures)));
}

/** 1,234 bytes as people read it. */
export function sizeWords(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return new Intl.NumberFormat(language, { style: "unit", unit: units[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: step ? 1 : 0 }).format(bytes / 1000 ** step);
}
