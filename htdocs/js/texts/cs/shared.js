// Czech words of the room and the pages around it.

export default {
	// Every page
	appName: "Chat",
	rooms: "Místnosti",
	archive: "Archiv",
	yourName: "Vaše jméno",
	theme: "Světlý, nebo tmavý vzhled",
	skip: "Přeskočit na obsah",
	save: "Uložit",
	tryAgain: "Zkusit znovu",
	noServerPart:
		"Na serveru chybí část chat-cgi: jméno tu nelze uložit. Připojit se můžete a jméno změnit příkazem " + "/nick.",

	// Entry, name and room forms
	name: "Jméno",
	nameHint: "Nejvýše 32 znaků; mezery se změní na pomlčky.",
	room: "Místnost",
	color: "Barva",
	colorNames:
		"červená, oranžová, jantarová, olivová, zelená, šedozelená, modrá, indigová, fialová, purpurová, " +
		"růžová, hnědá",
	ownColor: "Jiná barva",
	nameTitle: "Vaše jméno",
	nameMissing: "Nejprve napište jméno.",

	// Lists
	people: "{count} uvnitř",
	nothingFound: "Nic se nenašlo.",

	// Errors the server names by a code
	error_bad_name: "Toto jméno nelze použít. Zvolte 1 až 32 písmen, číslic a pomlček.",
	error_bad_color: "Tuto barvu neznám.",
	error_bad_room: "Takto se místnost jmenovat nemůže.",
	error_cross_site: "Požadavek přišel z cizí stránky.",
	error_network: "Server neodpovídá.",
	error_other: "Nepovedlo se: {text}",

	// Room page
	smileys: "Smajlíci",
	dice: "Kostky",
	newMessages: "Nové zprávy",
	today: "Dnes",
	yesterday: "Včera",
	account: "přihlášen(a) jako {name}",

	// States of connection and message
	sent: "odesláno",

	// What happened
	joined: "{name} vstupuje",
	quit: "{name} odchází",
	renamed: "{name} je nyní {to}",
	recolored: "{name} mění barvu",
	topicSet: "{name} nastavuje téma: {topic}",
	topicCleared: "{name} ruší téma",
	kicked: "{name} vyhazuje: {to}",
	banned: "{name} zakazuje vstup: {to}",
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
};
