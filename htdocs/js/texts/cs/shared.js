// Czech words of the room and the pages around it.

export default {
	// Every page
	appName: "Chat",
	rooms: "Místnosti",
	archive: "Archiv",
	yourName: "Vaše jméno",
	theme: "Světlý, nebo tmavý vzhled",
	skip: "Přeskočit na obsah",
	tryAgain: "Zkusit znovu",

	// Entry, name and room forms
	name: "Jméno",
	room: "Místnost",
	color: "Barva",

	// Lists
	people: "{count} uvnitř",
	nothingFound: "Nic se nenašlo.",

	// Errors the server names by a code
	error_bad_room: "Takto se místnost jmenovat nemůže.",

	// Room page
	dice: "Kostky",
	copyCode: "Kopírovat",
	copiedCode: "Zkopírováno",
	reactions: "Reakce",
	reactedWith: "{emoji} {count}: {names}",
	othersCount: "další: {count}",
	edited: "upraveno",
	editedAt: "upraveno {time}",
	replyTo: "Odpověď pro: {name}",
	replyGone: "Tato zpráva už tu není.",
	replyLoading: "zpráva…",
	spoiler: "Prozrazení: ukázat",
	showLines: "Zobrazit všechny řádky ({count})",
	showWhole: "Zobrazit celou zprávu",
	showLess: "Zobrazit méně",
	newMessages: "Nové zprávy",
	today: "Dnes",
	yesterday: "Včera",
	account: "přihlášen(a) jako {name}",
	bot: "robot",

	// States of connection and message
	sent: "odesláno",

	// What happened
	joined: "{name} vstupuje",
	quit: "{name} odchází",
	came: "přišli: {names}",
	went: "odešli: {names}",
	visited: "přišli a odešli: {names}",
	returned: "odešli a vrátili se: {names}",
	severalPeople: "celkem {count}",
	renamed: "{name} je nyní {to}",
	recolored: "{name} mění barvu",
	topicSet: "{name} nastavuje téma: {topic}",
	topicCleared: "{name} ruší téma",
	kicked: "{name} vyhazuje: {to}",
	banned: "{name} zakazuje vstup: {to}",
	slowOn: "{name} zpomaluje místnost: zpráva jednou za {seconds} s",
	slowOff: "{name} ruší zpomalení",
	wasRead: "Přečteno",
	wasReadBy: "Přečetli: {names}",
	madePrivate: "{name} dělá z této místnosti soukromou",
	madePublic: "{name} otevírá tuto místnost všem",
	redacted: "Tato zpráva byla odstraněna.",
	cleared: "{name} maže rozhovor",
	whisperFrom: "vám šeptá",
	whisperYou: "komu: {name}",
	image: "Obrázek {name}",

	// Members' menu, dialogs, settings
	whisper: "Zašeptat",
	mention: "Zmínit",
	kick: "Vyhodit z místnosti",
	ban: "Zakázat vstup",
	messageActions: "Zpráva: akce",
	language: "Jazyk",

	// Errors the server names by a code
	error_too_many_sessions: "Odtud teď přišlo mnoho nových jmen. Zkuste to za minutu.",
	error_bad_name: "Toto jméno nelze použít. Zvolte 1 až 32 písmen, číslic a pomlček.",
	error_bad_color: "Tuto barvu neznám.",
	files: "Soubory",
};
