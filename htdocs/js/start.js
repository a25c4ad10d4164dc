// index.html: with ?room=NAME the room itself, without it the form that leads there. Each loads only its own parts.

import { element, parameter, tidyRoom } from "../functions.js";
import { dress } from "./frame.js";
import { text } from "./texts.js";

dress();
const room = tidyRoom(parameter("room"));
try {
  if (room) (await import("./room.js")).openRoom(room);
  else (await import("./entry.js")).showEntry();
} catch (error) {
  // A part of the page did not arrive: better a word and a button than a white page.
  console.error(error);
  document.body.append(element("main", { class: "content narrow" }, element("div", { class: "empty", role: "alert" }, text("cannotLoad"),
    element("button", { type: "button", class: "primary", onclick: () => location.reload() }, text("tryAgain")))));
}
