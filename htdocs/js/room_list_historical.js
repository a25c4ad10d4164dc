// room_list_historical.html: rooms that hold a conversation, with size and last change, newest first.

import { ago, element, fullTime, historyAddress } from "../functions.js";
import { openPage } from "./frame.js";
import { roomCard, sizeWords } from "./room_cards.js";
import { showRooms } from "./room_pages.js";
import { language, text } from "./texts.js";

openPage("archiveTitle");
showRooms({
  query: { list: "historical" },
  empty: text("archiveEmpty"),
  card(room) {
    const changed = new Date(room.changed);
    const node = roomCard(room, historyAddress);
    node.querySelector(".room-figures").replaceChildren(
      element("time", { datetime: room.changed, title: `${text("lastChange")}: ${fullTime(changed, language)}` }, ago(changed, language)),
      element("br"),
      element("span", { title: text("size") }, sizeWords(room.size)),
    );
    return node;
  },
});
