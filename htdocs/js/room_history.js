// room_history.html: what was said, page by page, with search. Whispers are nowhere in it.

import { askServer, byId, historyAddress, parameter, roomAddress, tidyRoom } from "../functions.js";
import { errorWords, nameBackdrop, onTheme, openPage } from "./frame.js";
import { MessageView } from "./message_view.js";
import { text } from "./texts.js";

/** Records asked for at once. */
const PAGE = 100;
const SHOWN = new Set(["say", "me", "dice", "topic", "join", "quit", "nick", "kick", "ban"]);

const room = tidyRoom(parameter("room")) || "lobby";
const view = new MessageView({ you: "", background: [255, 255, 255], openPerson: null });
const list = byId("history");
/** A message that somebody pointed to: the page that ends with it is shown. */
const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(parameter("at")) ? parameter("at") : "";
let records = [];
let asked = 0;

function draw() {
  view.room.background = nameBackdrop();
  const nodes = records.map((record) => view.entry(record));
  nodes.forEach((node, index) => view.decorate(node, records[index], records[index - 1], false));
  list.replaceChildren(...nodes);
  nodes.find((node) => node.dataset.id === at)?.classList.add("target");
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
    const height = records.length > 0 ? document.documentElement.scrollHeight : 0;
    records = [...answer.records.filter(({ type }) => SHOWN.has(type)), ...records];
    byId("description").textContent = answer.description ?? "";
    draw();
    if (height) scrollBy(0, document.documentElement.scrollHeight - height);
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
byId("newest").href = historyAddress(room);
byId("newest").hidden = !at;
onTheme(draw);
load(at && idAfter(at));

/** The next possible id: "before" leaves out the one it names. */
function idAfter(id) {
  const micros = Number(id.slice(20, 26)) + 1;
  if (micros < 1e6) return `${id.slice(0, 20)}${String(micros).padStart(6, "0")}Z`;
  return new Date(Date.parse(`${id.slice(0, 19)}Z`) + 1000).toISOString().replace("Z", "000Z");
}
