// The form that leads into a room: a name, a color, a room, and the rooms where people are.

import { askServer, byId, roomAddress, tidyRoom } from "../functions.js";
import { drawTop, errorWords, loadSession } from "./frame.js";
import { drawSwatches, saveName } from "./name_form.js";
import { roomCard } from "./room_cards.js";
import { text } from "./texts.js";

/** Rooms shown below the form: a taste, the list has its own page. */
const MAX_ROOMS_SHOWN = 6;

export async function showEntry() {
  byId("entry").hidden = false;
  document.title = text("appName");
  drawTop(null);
  const session = await loadSession();
  drawTop(session);
  byId("entry-name").value ||= session.name ?? "";
  byId("entry-room").value ||= "lobby";
  const color = drawSwatches(byId("entry-colors"), session.color ?? "");
  byId("entry-form").addEventListener("submit", (event) => {
    event.preventDefault();
    enter(session, color());
  });
  (session.name ? byId("entry-room") : byId("entry-name")).focus();
  showRooms();
}

async function enter(session, color) {
  const status = byId("entry-status");
  const name = byId("entry-name").value.trim();
  const room = tidyRoom(byId("entry-room").value);
  status.textContent = "";
  if (!room) {
    status.textContent = text("roomMissing");
    byId("entry-room").focus();
    return;
  }
  byId("entry-go").disabled = true;
  try {
    const changed = name !== (session.name ?? "") || color !== (session.color ?? "");
    if (name && changed && !session.missing) await saveName(name, color);
    location.assign(roomAddress(room));
  } catch (error) {
    status.textContent = errorWords(error);
    byId("entry-go").disabled = false;
  }
}

async function showRooms() {
  try {
    const { rooms } = await askServer("rooms?people=1");
    if (rooms.length === 0) return;
    byId("entry-room-list").replaceChildren(...rooms.slice(0, MAX_ROOMS_SHOWN).map((room) => roomCard(room)));
    byId("known-rooms").replaceChildren(...rooms.map(({ name }) => new Option(name, name)));
    byId("entry-rooms").hidden = false;
  } catch {
    // The form works without the list.
  }
}
