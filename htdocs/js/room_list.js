// room_list.html: rooms with people in them, and the described ones.

import { openPage } from "./frame.js";
import { roomCard } from "./room_cards.js";
import { showRooms } from "./room_pages.js";
import { text } from "./texts.js";

/** How often the list is asked for again while it is looked at. */
const AGAIN_MS = 15000;

openPage("listTitle");
const again = showRooms({ query: { list: "current" }, card: (room) => roomCard(room), empty: text("listEmpty") });
setInterval(() => {
  const focused = document.activeElement;
  // Not under somebody's fingers, and not after they asked for more pages.
  const busy = focused?.closest?.("#rooms") || document.querySelectorAll("#rooms .room-card").length > 50;
  if (!document.hidden && !busy) again();
}, AGAIN_MS);
