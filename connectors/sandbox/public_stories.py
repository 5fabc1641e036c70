"""What people write to the shop in public: invented stories, one block each.

The first line names place and topic. Then the lines in order:
`K` the customer, `A` another person, `S` staff in the platform's own app. A `[photo]` is a picture.
Places: comment, mention, message, visitor, story.
"""

# ruff: noqa: E501 - a story line is one line, however long people write

SHOP_POSTS = """
Herbstzeit ist Suppenzeit! Unser emaillierter Topf „Oma Resi" ist wieder da, in Rot, Blau und Waldgrün. 🍲
Die Wanderschuhe „Schneeberg" gibt's jetzt auch in schmaler Passform. Probieren in der Filiale oder online bestellen.
Samstag ist Pilztag: Wir erklären euch, welche Schwammerlmesser was taugen. Eintritt frei, 14 Uhr.
Neu im Sortiment: Wasserkocher „Dampfross" mit 1,7 Litern und Keramikgriff.
Unsere Stirnlampen im Test: drei Modelle, ein klarer Sieger. Welche nehmt ihr mit auf den Berg?
Regenjacken für Kinder sind zurück. Größen 92 bis 152, solange der Vorrat reicht. 🌧️
We now ship to Ireland and the Netherlands. Same mushrooms, longer journey.
Reparieren statt wegwerfen: Jeden Dienstag schauen wir uns eure kaputten Rucksäcke an.
Campingkocher „Funke" im Angebot bis Sonntag.
Danke für 20 Jahre Glückspilz! Ihr seid der Grund, warum wir in der Früh aufsperren. ❤️
Die neuen Thermosflaschen halten 14 Stunden warm. Wir haben's ausprobiert, siehe Foto.
Weihnachten kommt schneller als der Schnee: Geschenkkörbe ab sofort vorbestellbar.
"""

PUBLIC = """
comment complaint
K: Seit drei Wochen warte ich auf meinen Topf und keiner hebt ab. So geht man nicht mit Stammkunden um!
A: Bei mir genau dasselbe, Bestellung vom 2. des Monats. Nix da.
K: Und per Mail kommt auch nur die automatische Antwort. Ich bin echt sauer.

comment complaint
K: Schuhe nach zweimal Tragen an der Sohle aufgegangen. 149 Euro für nix. [photo]
K: Das Geschäft sagt, ich soll mich an den Hersteller wenden. Ernsthaft?

comment complaint
K: Leider sehr enttäuscht. Der Griff vom Topf ist beim ersten Mal Kochen abgegangen.
S: Das tut uns leid! Magst du uns ein Foto und die Bestellnummer schicken?
K: Hab ich schon vor vier Tagen gemacht, kam nie eine Antwort.

comment complaint
K: Heast des is a Frechheit, i hob zwoamoi reklamiert und es passiert goa nix!!
A: Ruhig bleiben, die Chefin ist eigentlich eh nett.
K: I bin ruhig. I wart nur seit an Monat auf mei Göd.

comment complaint
K: Absolute joke. Jacket arrived with a ripped zip and support keeps asking for the same photo.
A: Same with mine, third email and still nothing.
K: If I don't get a refund this week I'm going to my bank.

comment complaint
K: Der Service in der Filiale war gestern unter jeder Kritik. Eine Viertelstunde an der Kassa gestanden, keiner da.

comment complaint
K: Rückgabe abgelehnt, weil die Schachtel fehlt. Das steht nirgends in euren Bedingungen!
A: Doch, aber ganz klein unten.
K: Dann bitte das Kleingedruckte größer schreiben 😡

comment complaint
K: Zum dritten Mal falsch geliefert. Ich habe BLAU bestellt, nicht Rot. Wie schwer kann das sein?

comment complaint
K: Nie wieder. Online steht „lagernd", zwei Wochen später kommt die Stornierung. Geld noch immer nicht zurück.

comment complaint
K: Very disappointed with the quality. The seams on the rucksack gave up after a single weekend.
K: And no, it was not overloaded. Two jumpers and a sandwich.

comment injury
K: Achtung!! Der Wasserkocher „Dampfross" ist mir heute in der Früh explodiert, meine Hand ist verbrannt. Bin im Spital. [photo]
A: Oh Gott, alles Gute! Meldet das unbedingt der Marktaufsicht.
A: Unserer ist auch schon so komisch heiß geworden am Griff 😳
K: Verbrennung zweiten Grades. Ich erwarte, dass sich heute noch jemand meldet.

comment injury
K: The kettle blew up in my kitchen and burnt my hand. This thing should not be sold.
A: Please report it, that is really dangerous.

comment injury
K: Meine Tochter hat sich am Kocher „Funke" verbrannt, weil das Ventil plötzlich Gas gelassen hat. Bitte sofort vom Markt nehmen!

comment injury
K: Vorsicht mit der Stirnlampe, der Akku ist beim Laden in Flammen aufgegangen. Teppich hin, zum Glück niemand verletzt.
A: Welches Modell war das? Hab die gleiche daheim.
K: Die mittlere um 49 Euro.

comment injury
K: Scherben im Tee! Das Innenglas der Thermosflasche ist zersprungen und ich hab mich an der Lippe geschnitten.

comment status
K: Wann kommt denn meine Bestellung GP-20418? Laut Sendungsverfolgung seit Montag in Wien.

comment status
K: Hi, any news on order 10877? It was supposed to arrive last Friday.
S: Hello! It left the warehouse this morning, you should get an email within the hour.
K: Got it, thank you!

comment status
K: Ist mein Paket schon unterwegs? Bestellt am Sonntag, Nummer hab ich grad nicht da.

comment status
K: Habt ihr die Schuhe schon weggeschickt? Ich fahr am Freitag auf Urlaub und bräuchte sie vorher 🙏

comment status
K: Where is my parcel? Tracking says “label created” for six days now.

comment price
K: Was kostet der Topf in Waldgrün?
A: Ich glaub 59, oder?

comment price
K: Preis? 😍

comment price
K: Wie viel kosten die Schuhe und gibt's einen Rabatt für Alpenvereinsmitglieder?

comment price
K: How much is shipping to Dublin?
A: Also interested, I'm in Cork.

comment price
K: Gibt es die Jacke auch günstiger wenn man zwei nimmt? Zwillinge 😅

comment price
K: Schickts ma bitte a Preisliste fürn Kocher, dankschön!

comment price
K: Is the camping stove still on offer? What's the price now?

comment question
K: Gibt's die Schuhe auch in Größe 38 und schmal?
S: Ja, in der Filiale sind noch zwei Paar da!
K: Super, dann komm ich morgen vorbei.

comment question
K: Kann der Topf auf Induktion?
A: Ja kann er, hab ihn seit Jahren.

comment question
K: Habt ihr am 26. Oktober offen?

comment question
K: Is the jacket waterproof or just water repellent? There is a difference 🙂

comment question
K: Nehmt ihr alte Rucksäcke für die Reparatur auch ohne Rechnung?

comment question
K: Kann man den Pilztag auch mit Kindern besuchen? Unsere sind 4 und 7.

comment question
K: Welche Stirnlampe taugt was für Skitouren in der Nacht?
A: Nimm die große, die mittlere hält bei Kälte nur zwei Stunden.
K: Danke für den Tipp!

comment question
K: Are the thermos flasks dishwasher safe?

comment praise
K: Beste Beratung in ganz Wien. Die Kollegin mit den roten Haaren hat mir eine Stunde lang Schuhe gezeigt. Danke!

comment praise
K: Hab den Topf jetzt seit einem Jahr und er schaut aus wie neu. Große Empfehlung! ❤️

comment praise
K: Liebs! 🍄🍄🍄

comment praise
K: Ordered on Monday, arrived on Wednesday, in Ireland! Fantastic service.

comment praise
K: Die Reparatur vom Rucksack war gratis und in zehn Minuten fertig. Sowas gibt's heut nimmer.
S: Das freut uns riesig, danke dir!

comment praise
K: Alles Gute zum Zwanziger! Hab bei euch meinen ersten Schlafsack gekauft.

comment praise
K: So lieb verpackt, sogar mit handgeschriebener Karte. Danke Glückspilz-Team 🥰

comment praise
K: Mega Schuhe, 30 km Rax ohne eine einzige Blase.

comment praise
K: [photo]

comment chatter
K: @Lotte schau, genau der Topf für die WG!
A: Jaaa bitte, ich koch auch 😂

comment chatter
K: Wer kommt am Samstag mit?
A: Ich! Treff ma uns um halb zwei?
A: Bin dabei

comment chatter
K: Erster!

comment chatter
K: 😂😂😂

comment chatter
K: Meine Oma hatte genau so einen. Da werden Erinnerungen wach.

comment spam
K: 💰💰 Verdiene 5000 € pro Woche von zuhause! Schreib mir auf WhatsApp +00 000 000 💰💰

comment spam
K: GRATIS iPhone für die ersten 100!! Klick hier: http://gewinn-sofort.example/iphone

comment spam
K: I made $12,000 in a week with this trader, message him now, he changed my life!!!

comment spam
K: Kredite ohne Schufa in 10 Minuten, einfach PN an mich

comment spam
K: Check my profile for hot pics 😘🔥

comment criticism
K: Wieso ist eigentlich alles in Plastik verpackt, wenn ihr mit Nachhaltigkeit werbt?
A: Das frag ich mich auch schon lang.
S: Guter Punkt. Wir stellen bis Jänner auf Papier um.
A: Na hoffentlich.

comment criticism
K: Schade, dass ihr nur noch Größen bis 44 führt. Früher ging das bis 48.

comment harassment
K: Euer Mitarbeiter hat meine Freundin angestarrt und blöde Sprüche gemacht. Das ist keine Art!

comment legal
K: Wenn bis Freitag nichts passiert, gehe ich zum Konsumentenschutz und zu meinem Anwalt.

comment press
K: Guten Tag, ich recherchiere für eine Wochenzeitung zum Thema Wasserkocher-Rückrufe. An wen darf ich mich wenden?

comment data
K: Warum bekomme ich einen Newsletter, obwohl ich mich dreimal abgemeldet habe? Bitte alle meine Daten löschen.

comment boycott
K: Nach dem, was man so hört, kauf ich da sicher nichts mehr. Boykott!
A: Was hört man denn?
A: Einfach googeln, unglaublich.

mention complaint
K: Drei Wochen Lieferzeit für einen lagernden Topf, und die Hotline ist dauerbesetzt. Was ist los bei euch?

mention complaint
K: your support chat closed on me twice now. Order is a month late. Unbelievable.
K: Still nothing by the way.

mention complaint
K: Ihr habts mir die falsche Größe gschickt und i soll den Rückversand zahlen?? Sicher net.

mention complaint
K: Sohle ab nach 40 km. Für 149 €. Reklamation „in Bearbeitung" seit September. [photo]
A: Kenn ich, bei mir war's der Reißverschluss.

mention complaint
K: Bestellung storniert, Geld weg, niemand zuständig. Großes Kino.

mention complaint
K: Paid for express shipping, parcel took nine days. I would like the difference back, please.

mention complaint
K: Euer Newsletter nervt, euer Service nervt, nur der Kaffee in der Filiale ist gut.

mention injury
K: Wasserkocher explodiert, Hand verbrannt, Notaufnahme. Modell „Dampfross". Bitte RT, das Ding ist lebensgefährlich!
A: Gute Besserung! Hab meinen sofort ausgesteckt.

mention injury
K: warning: the headlamp battery caught fire while charging. Burn mark on the floor and on my arm.

mention status
K: Wo steckt meine Bestellung GP-19933? Status seit Tagen unverändert.

mention status
K: any update on #10911? Need it before my trip on Thursday

mention price
K: Was kostet der Campingkocher nach dem Angebot? Sonntag bin ich erst wieder da.

mention price
K: how much for two headlamps incl. shipping to Utrecht?

mention question
K: Habts ihr Schneeketten a oder nur Schuhspikes?

mention question
K: Kann man bei euch auch mit Bargeld zahlen? Ernst gemeinte Frage.

mention question
K: Do you repair tents as well or just backpacks?

mention praise
K: hat meinen 15 Jahre alten Rucksack gratis geflickt. Das nenn ich Service. 👏

mention praise
K: Love this little shop in Vienna. Best advice on boots I ever got.

mention praise
K: Großes Lob an die Filiale, trotz Riesenandrang beim Pilztag hatte jede Frage Zeit.

mention spam
K: crypto giveaway!!! send 0.1 get 1 back, only today 🚀🚀

mention long
K: Ein kleiner Erfahrungsbericht, weil ich gefragt wurde: Ich habe im Frühjahr den Topf bestellt, nach vier Tagen war er da, gut verpackt. Nach zwei Monaten bekam die Emaille am Rand einen Sprung. Ich habe geschrieben, ein Foto geschickt, und drei Tage später stand ein neuer vor der Tür, ohne Diskussion. Andere Geschäfte könnten sich da etwas abschauen. Einziger Wunsch: bitte weniger Füllmaterial im Karton, der Keller ist voll.

visitor question
K: Liebes Team, ich suche ein Geschenk für meinen Vater, 70, wandert jeden Tag. Habt ihr eine Idee bis 60 Euro?
A: Thermosflasche! Hat meiner auch bekommen.

visitor complaint
K: Ich schreib's jetzt öffentlich, weil auf Mails keiner reagiert: Mein Umtausch liegt seit fünf Wochen bei euch.

visitor praise
K: Danke an die zwei Burschen, die mir gestern den Dachträger montiert haben. Trinkgeld wollten sie keins, also hier ein Lob!

visitor question
K: Hello, is the shop wheelchair accessible? My mother would love to come on Saturday.
"""
