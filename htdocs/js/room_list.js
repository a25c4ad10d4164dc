// room_list.html: rooms with people in them, and the described ones.

import { greet, openPage } from "./frame.js";
import { roomCard } from "./room_cards.js";
import { showRooms } from "./room_pages.js";
import { text } from "./texts.js";

/** How often the list is asked for again while it is looked at. */
const AGAIN_MS = 15000;
/** With more than one page shown it stays as it is: somebody asked for them. */
const MAX_REFRESHED = 50;

await openPage("listTitle");
greet();
const again = showRooms({ list: "current", card: (room) => roomCard(room), empty: text("listEmpty") });
setInterval(() => {
	// Not under somebody's fingers.
	const busy = document.activeElement?.closest("#rooms");
	if (!document.hidden && !busy && document.querySelectorAll("#rooms .room-card").length <= MAX_REFRESHED) again();
}, AGAIN_MS);
