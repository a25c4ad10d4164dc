// Every word the pages show, in English and Czech, side by side so that neither is forgotten.
// {name} is replaced by a value; the values end up in text nodes, never in markup.

const TABLE = {
  // Every page
  appName: ["Chat", "Chat"],
  rooms: ["Rooms", "Místnosti"],
  archive: ["Archive", "Archiv"],
  newRoom: ["New room", "Nová místnost"],
  yourName: ["Your name", "Vaše jméno"],
  theme: ["Light or dark", "Světlý, nebo tmavý vzhled"],
  skip: ["Skip to content", "Přeskočit na obsah"],
  loading: ["Loading…", "Načítá se…"],
  cancel: ["Cancel", "Zrušit"],
  close: ["Close", "Zavřít"],
  save: ["Save", "Uložit"],
  more: ["Show more", "Zobrazit další"],
  tryAgain: ["Try again", "Zkusit znovu"],
  cannotLoad: ["This could not be loaded.", "Tohle se nepodařilo načíst."],
  noServerPart: [
    "The server answered without its chat-cgi part: names cannot be kept here. You can still join and use /nick.",
    "Na serveru chybí část chat-cgi: jméno tu nelze uložit. Připojit se můžete a jméno změnit příkazem /nick.",
  ],
  anonymous: ["Anonymous", "Anonymous"],

  // Entry, name and room forms
  entryTitle: ["Come in and talk", "Pojďte dál a mluvte"],
  entryLead: ["Pick a name and a room. Nothing to install, nobody to ask.", "Zvolte si jméno a místnost. Nic se neinstaluje."],
  name: ["Name", "Jméno"],
  nameHint: ["Up to 32 characters; blanks become dashes.", "Nejvýše 32 znaků; mezery se změní na pomlčky."],
  room: ["Room", "Místnost"],
  roomHint: ["A room begins to exist when somebody enters it.", "Místnost vznikne tím, že do ní někdo vstoupí."],
  color: ["Color", "Barva"],
  colorNames: ["red, orange, amber, olive, green, teal, blue, indigo, violet, purple, pink, brown", "červená, oranžová, jantarová, olivová, zelená, šedozelená, modrá, indigová, fialová, purpurová, růžová, hnědá"],
  ownColor: ["Another color", "Jiná barva"],
  enter: ["Enter", "Vstoupit"],
  nameTitle: ["Your name", "Vaše jméno"],
  nameLead: ["This is how the others in a room see you.", "Takto vás uvidí ostatní v místnosti."],
  nameSaved: ["Saved.", "Uloženo."],
  forgetMe: ["Forget my name", "Zapomenout jméno"],
  forgotten: ["You are Anonymous again.", "Jste znovu Anonymous."],
  loggedInAs: ["Logged in as {name}", "Přihlášeno jako {name}"],
  logOut: ["Log out", "Odhlásit se"],
  nameMissing: ["Type a name first.", "Nejprve napište jméno."],
  roomMissing: ["Type the name of a room first.", "Nejprve napište jméno místnosti."],
  createTitle: ["New room", "Nová místnost"],
  createLead: ["Name it, then share the address: whoever opens it is in.", "Pojmenujte ji a pošlete adresu: kdo ji otevře, je uvnitř."],
  createAndEnter: ["Create and enter", "Založit a vstoupit"],
  preview: ["Preview", "Náhled"],
  previewText: ["Hello everyone!", "Ahoj všichni!"],

  // Lists
  listTitle: ["Rooms", "Místnosti"],
  listLead: ["Where people are right now.", "Kde právě někdo je."],
  listEmpty: ["Nobody is here right now. Be the first.", "Právě tu nikdo není. Buďte první."],
  archiveTitle: ["Archive", "Archiv"],
  archiveLead: ["Every room that holds a conversation, the latest first.", "Všechny místnosti, v nichž se psalo, nejnovější první."],
  archiveEmpty: ["No conversation has been kept yet.", "Zatím není uložen žádný rozhovor."],
  people: ["{count} here", "{count} uvnitř"],
  onePerson: ["1 here", "1 uvnitř"],
  nobody: ["nobody here", "nikdo uvnitř"],
  size: ["Size", "Velikost"],
  lastChange: ["Last message", "Poslední zpráva"],
  filterRooms: ["Find a room", "Najít místnost"],
  nothingFound: ["Nothing found.", "Nic se nenašlo."],
  historyTitle: ["History of {room}", "Historie místnosti {room}"],
  historyEmpty: ["Nothing has been said here yet.", "Zatím tu nikdo nic nenapsal."],
  search: ["Search", "Hledat"],
  searchText: ["Search in this room", "Hledat v této místnosti"],
  older: ["Older", "Starší"],
  newest: ["Newest", "Nejnovější"],
  enterRoom: ["Enter the room", "Vstoupit do místnosti"],

  // Room page
  members: ["People", "Lidé"],
  membersCount: ["People ({count})", "Lidé ({count})"],
  findMember: ["Find somebody", "Najít osobu"],
  messages: ["Messages", "Zprávy"],
  messageTo: ["Message to {room}", "Zpráva do {room}"],
  whisperTo: ["Whisper to {name}", "Zašeptat: {name}"],
  stopWhisper: ["Write to everyone again", "Psát znovu všem"],
  write: ["Write", "Psaní"],
  send: ["Send", "Odeslat"],
  tools: ["Tools", "Nástroje"],
  smileys: ["Smileys", "Smajlíci"],
  dice: ["Dice", "Kostky"],
  settings: ["Settings", "Nastavení"],
  call: ["Call", "Hovor"],
  emptyRoom: ["It is quiet in here.", "Zatím je tu ticho."],
  emptyRoomHint: ["Say something, or share this page's address to bring people in.", "Napište něco, nebo pošlete adresu této stránky ostatním."],
  beginning: ["This is where {room} begins.", "Tady místnost {room} začíná."],
  loadingOlder: ["Loading older messages…", "Načítají se starší zprávy…"],
  newMessages: ["New messages", "Nové zprávy"],
  jumpNewest: ["To the newest", "Na nejnovější"],
  unreadCount: ["{count} new", "{count} nových"],
  anonymousHint: ["You are {name}.", "Jste {name}."],
  chooseName: ["Choose a name", "Zvolit jméno"],
  today: ["Today", "Dnes"],
  yesterday: ["Yesterday", "Včera"],
  you: ["you", "vy"],
  account: ["logged in as {name}", "přihlášen(a) jako {name}"],
  actionsFor: ["{name}: actions", "{name}: akce"],

  // States of connection and message
  connecting: ["Connecting…", "Připojuje se…"],
  offline: ["You are offline. Messages wait here and are sent later.", "Jste offline. Zprávy počkají a odešlou se později."],
  reconnecting: ["Connection lost. Trying again in {seconds} s.", "Spojení se přerušilo. Další pokus za {seconds} s."],
  tryNow: ["Try now", "Zkusit hned"],
  connected: ["Connected", "Připojeno"],
  byeKicked: ["You were removed from this room. {reason}", "Byli jste z místnosti vyhozeni. {reason}"],
  byeBanned: ["You are banned from this room. {reason}", "Do této místnosti máte zákaz vstupu. {reason}"],
  byeQuit: ["You left the room.", "Opustili jste místnost."],
  byeRefused: ["The server does not let you in. {reason}", "Server vás nepustil dovnitř. {reason}"],
  rejoin: ["Enter again", "Vstoupit znovu"],
  sending: ["sending", "odesílá se"],
  waiting: ["waiting for the connection", "čeká na spojení"],
  sent: ["sent", "odesláno"],
  notSent: ["not sent", "neodesláno"],
  sendAgain: ["Send again", "Odeslat znovu"],
  discard: ["Discard", "Zahodit"],
  tooLong: ["{count} characters over the limit of {limit}.", "O {count} znaků více, než je povoleno ({limit})."],
  outboxFull: ["Too many messages are waiting. Let the connection come back first.", "Příliš mnoho zpráv čeká. Nejprve se musí obnovit spojení."],

  // What happened
  joined: ["{name} came in", "{name} vstupuje"],
  quit: ["{name} left", "{name} odchází"],
  renamed: ["{name} is now {to}", "{name} je nyní {to}"],
  recolored: ["{name} changed color", "{name} mění barvu"],
  topicSet: ["{name} set the topic: {topic}", "{name} nastavuje téma: {topic}"],
  topicCleared: ["{name} removed the topic", "{name} ruší téma"],
  kicked: ["{name} removed {to}", "{name} vyhazuje: {to}"],
  banned: ["{name} banned {to}", "{name} zakazuje vstup: {to}"],
  redacted: ["This message was removed.", "Tato zpráva byla odstraněna."],
  cleared: ["{name} cleared the conversation", "{name} maže rozhovor"],
  whisperFrom: ["whispers to you", "vám šeptá"],
  whisperYou: ["to {name}", "komu: {name}"],
  isTyping: ["{names} is typing…", "{names} píše…"],
  areTyping: ["{names} are typing…", "{names} píší…"],
  severalTyping: ["Several people are typing…", "Píše několik lidí…"],
  ignoredHidden: ["Messages of {name} are hidden.", "Zprávy od {name} jsou skryté."],
  image: ["Image {name}", "Obrázek {name}"],

  // Members' menu, dialogs, settings
  whisper: ["Whisper", "Zašeptat"],
  mention: ["Mention", "Zmínit"],
  ignore: ["Ignore", "Ignorovat"],
  unignore: ["Stop ignoring", "Přestat ignorovat"],
  kick: ["Remove from the room", "Vyhodit z místnosti"],
  ban: ["Ban", "Zakázat vstup"],
  redact: ["Remove this message", "Odstranit zprávu"],
  messageActions: ["Message: actions", "Zpráva: akce"],
  reply: ["Reply", "Odpovědět"],
  copyText: ["Copy text", "Kopírovat text"],
  copyLink: ["Copy link", "Kopírovat odkaz"],
  copied: ["Copied", "Zkopírováno"],
  diceCount: ["How many dice", "Kolik kostek"],
  diceSides: ["Sides", "Stěn"],
  diceAgain: ["Throw again from", "Házet znovu od"],
  diceAgainHint: ["Empty: never. Every throw of at least this much is thrown again.", "Prázdné: nikdy. Hod s touto a vyšší hodnotou se opakuje."],
  throwDice: ["Throw", "Hodit"],
  notifyMe: ["Notify me of mentions and whispers", "Upozorňovat na zmínky a šeptání"],
  notifyBlocked: ["The browser does not allow notifications here.", "Prohlížeč tu upozornění nedovoluje."],
  showSmileys: ["Show smileys as pictures", "Zobrazovat smajlíky jako obrázky"],
  showEvents: ["Show who comes and goes", "Zobrazovat příchody a odchody"],
  typingOptIn: ["Tell others when I type", "Dát ostatním vědět, že píšu"],
  liveTyping: ["Live typing: others see the text while I write it", "Živé psaní: ostatní vidí text už při psaní"],
  relayOnly: ["Hide my network address in calls (relay only)", "V hovorech skrýt mou síťovou adresu (jen přes relay)"],
  language: ["Language", "Jazyk"],
  ignoredPeople: ["Ignored people", "Ignorovaní lidé"],
  nobodyIgnored: ["Nobody.", "Nikdo."],
  help: ["Keyboard: Enter sends, Shift+Enter breaks the line, Tab completes a name, Up recalls, Alt+Up messages, Alt+M people, Escape closes.",
    "Klávesnice: Enter odešle, Shift+Enter nový řádek, Tab doplní jméno, Šipka nahoru vrátí, Alt+šipka nahoru zprávy, Alt+M lidé, Escape zavře."],

  // Calls
  callStart: ["Call the room", "Zavolat do místnosti"],
  callJoin: ["Join the call ({count})", "Připojit se k hovoru ({count})"],
  callAudio: ["Voice", "Hlas"],
  callVideo: ["Voice and video", "Hlas a video"],
  callLeave: ["Leave the call", "Opustit hovor"],
  callFull: ["The call is full ({limit} people).", "Hovor je plný (nejvýše {limit} lidí)."],
  callIntro: ["Everyone in the call connects to everyone else directly. Camera and microphone start only now.", "Účastníci se spojí přímo mezi sebou. Kamera a mikrofon se zapnou až teď."],
  callTitle: ["Call", "Hovor"],
  camera: ["Camera", "Kamera"],
  microphone: ["Microphone", "Mikrofon"],
  callNeedsHttps: ["Calls need a page served over https (or from this machine).", "Hovory vyžadují stránku přes https (nebo z tohoto počítače)."],
  callDenied: ["The browser gave no access to camera or microphone.", "Prohlížeč nedal přístup ke kameře ani mikrofonu."],
  callUnsupported: ["This browser cannot make calls.", "Tento prohlížeč hovory neumí."],
  peerConnecting: ["connecting…", "připojuje se…"],
  peerFailed: ["no connection", "bez spojení"],
  inCall: ["in the call", "v hovoru"],

  // Errors the server names by a code
  error_bad_name: ["This name cannot be used. Choose one of 1 to 32 letters, digits and dashes.", "Toto jméno nelze použít. Zvolte 1 až 32 písmen, číslic a pomlček."],
  error_bad_color: ["This color is not known.", "Tuto barvu neznám."],
  error_bad_room: ["This is not a room's name.", "Takto se místnost jmenovat nemůže."],
  error_cross_site: ["The request came from another site.", "Požadavek přišel z cizí stránky."],
  error_network: ["The server cannot be reached.", "Server neodpovídá."],
  error_other: ["It did not work: {text}", "Nepovedlo se: {text}"],
};

const LANGUAGES = ["en", "cs"];

/** The language chosen by hand, else the first of the browser's that the table has, else English. */
export function chooseLanguage(chosen, offered = navigator.languages ?? []) {
  if (LANGUAGES.includes(chosen)) return chosen;
  const known = offered.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag));
  return known ?? "en";
}

let column = 0;
export let language = "en";

export function setLanguage(code) {
  language = LANGUAGES.includes(code) ? code : "en";
  column = LANGUAGES.indexOf(language);
}

/** The text for `key`, with {placeholders} replaced. An unknown key shows itself: better seen than hidden. */
export function text(key, values = {}) {
  const line = TABLE[key]?.[column] ?? key;
  return line.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? ""));
}

export const hasText = (key) => Object.hasOwn(TABLE, key);

/** Puts the language's words into a page written in English: data-text, data-label, data-placeholder. */
export function translatePage(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  for (const node of root.querySelectorAll("[data-label]")) {
    const words = text(node.dataset.label);
    node.setAttribute("aria-label", words);
    // A hint for the mouse, where a picture stands alone.
    if (["A", "BUTTON"].includes(node.tagName)) node.title = words;
  }
  for (const node of root.querySelectorAll("[data-placeholder]")) node.placeholder = text(node.dataset.placeholder);
}
