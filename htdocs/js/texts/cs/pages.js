// Czech words of the pages around the room.

export default {
	// Every page
	newRoom: "Nová místnost",
	more: "Zobrazit další",
	anonymous: "Anonymous",

	// Entry, name and room forms
	entryTitle: "Pojďte dál a mluvte",
	entryLead: "Zvolte si jméno a místnost. Nic se neinstaluje.",
	roomHint: "Místnost vznikne tím, že do ní někdo vstoupí.",
	enter: "Vstoupit",
	nameLead: "Takto vás uvidí ostatní v místnosti.",
	nameSaved: "Uloženo.",
	forgetMe: "Zapomenout jméno",
	forgotten: "Jste znovu Anonymous.",
	loggedInAs: "Přihlášeno jako {name}",
	yourAccount: "Váš účet",
	logIn: "Přihlásit se",
	createAdministrator: "Účet tu ještě nikdo nemá: vytvořit správce",
	roomMissing: "Nejprve napište jméno místnosti.",
	createTitle: "Nová místnost",
	createLead: "Pojmenujte ji a pošlete adresu: kdo ji otevře, je uvnitř.",
	createAndEnter: "Založit a vstoupit",
	preview: "Náhled",
	previewText: "Ahoj všichni!",

	// Lists
	listTitle: "Místnosti",
	listLead: "Kde právě někdo je.",
	listEmpty: "Právě tu nikdo není. Buďte první.",
	archiveTitle: "Archiv",
	archiveLead: "Všechny místnosti, v nichž se psalo, nejnovější první.",
	archiveEmpty: "Zatím není uložen žádný rozhovor.",
	onePerson: "1 uvnitř",
	size: "Velikost",
	lastChange: "Poslední zpráva",
	filterRooms: "Najít místnost",
	historyTitle: "Historie místnosti {room}",
	historyEmpty: "Zatím tu nikdo nic nenapsal.",
	search: "Hledat",
	searchText: "Hledat v této místnosti",
	older: "Starší",
	newer: "Novější",
	showThere: "Ukázat, kde to bylo řečeno",
	newest: "Nejnovější",
	enterRoom: "Vstoupit do místnosti",
};
