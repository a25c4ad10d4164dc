// room_history.html: what was said, page by page, with search. Whispers are nowhere in it.

import { askServer, byId, parameter, roomAddress, tidyRoom } from "../functions.js";
import { errorWords, nameBackdrop, onTheme, openPage } from "./frame.js";
import { MessageView } from "./message_view.js";
import { text } from "./texts.js";

/** Records asked for at once. */
const PAGE = 100;
const SHOWN = new Set(["say", "me", "dice", "topic", "join", "quit", "nick", "kick", "ban"]);

const room = tidyRoom(parameter("room")) || "lobby";
const view = new MessageView({ you: "", background: [255, 255, 255], openPerson: null });
const list = byId("history");
let records = [];
let asked = 0;

function draw() {
  view.room.background = nameBackdrop();
  const nodes = records.map((record) => view.entry(record));
  nodes.forEach((node, index) => view.decorate(node, records[index], records[index - 1], false));
  list.replaceChildren(...nodes);
}

async function load(before) {
  asked += 1;
  const mine = asked;
  byId("status").textContent = "";
  byId("older").disabled = true;
  try {
    const words = parameter("q");
    const wanted = new URLSearchParams({ room, limit: PAGE });
    if (before) wanted.set("before", before);
    if (words) wanted.set("q", words);
    const answer = await askServer(`history?${wanted}`);
    if (mine !== asked) return;
    const height = document.documentElement.scrollHeight;
    records = [...answer.records.filter(({ type }) => SHOWN.has(type)), ...records];
    byId("description").textContent = answer.description ?? "";
    draw();
    if (before) scrollBy(0, document.documentElement.scrollHeight - height);
    else scrollTo(0, document.documentElement.scrollHeight);
    oldest = answer.oldest ?? answer.records[0]?.id ?? oldest;
    byId("older").hidden = !answer.more;
    byId("nothing").hidden = records.length > 0 || answer.more;
    byId("nothing").textContent = text(words ? "nothingFound" : "historyEmpty");
  } catch (error) {
    if (mine !== asked) return;
    byId("status").textContent = errorWords(error);
  }
  byId("older").disabled = false;
}

let oldest = "";
openPage("archiveTitle");
document.title = `${text("historyTitle", { room })} – ${text("appName")}`;
byId("title").textContent = text("historyTitle", { room });
byId("enter").href = roomAddress(room);
byId("search").value = parameter("q");
byId("older").addEventListener("click", () => load(oldest));
byId("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = new URLSearchParams({ room });
  if (byId("search").value.trim()) wanted.set("q", byId("search").value.trim());
  location.assign(`room_history.html?${wanted}`);
});
onTheme(draw);
load("");
