"""What people write to the shop in private, in the form of public_stories.py."""

PRIVATE = """
message status
K: Hallo, ich hätte gern gewusst, wo meine Bestellung bleibt. Nummer GP-20391.
S: Guten Tag! Ich schau gleich nach.
K: Danke, ist eilig wegen einem Geburtstag.

message status
K: Hi! Has my order shipped yet? Number 10902
K: Sorry, 10920, typo

message status
K: Grüß Gott, der Paketdienst sagt zugestellt, aber bei mir ist nichts angekommen. Was jetzt?

message status
K: Wann krieg i mei Packerl?

message status
K: Servus, kann ich die Lieferadresse noch ändern? Bin ab morgen in Graz.

message status
K: The tracking link you sent me doesn't work, could you send it again?

message price
K: Was kosten die Kinderregenjacken in 116?

message price
K: Könnt ihr mir bitte die Preise für die Geschenkkörbe schicken?

message price
K: Hi, what's the price of the green pot including delivery to the Netherlands?

message price
K: Wieviel kost die Reparatur von am Reißverschluss ungefähr?

message hours
K: Habt ihr heute bis 18 oder bis 19 Uhr offen?

message hours
K: Seid ihr am Samstag vor Allerheiligen da?

message hours
K: Are you open on Sunday?

message hours
K: Wann sperrts ihr in da Früh auf?

message refund
K: Ich möchte die Schuhe zurückgeben, sie sind zu klein. Wie geht das?
S: Einfach den Retourenschein ausfüllen, liegt bei. Geld kommt in drei bis fünf Tagen.
K: Perfekt, vielen Dank!

message refund
K: Das Geld für die stornierte Bestellung ist noch immer nicht da.
K: Hallo? Liest das jemand?

message refund
K: I sent the jacket back two weeks ago and haven't heard anything. Can you check?

message refund
K: Kann ich ohne Kassabon umtauschen, wenn ich mit Karte bezahlt habe?

message damaged
K: Der Topf ist mit einem Sprung angekommen, ich schick ein Foto. [photo]
K: Bitte um Ersatz, nicht um Gutschrift.

message damaged
K: Unboxed the flask and the lid is cracked. Order 10899.

message injury
K: Ich melde mich wegen dem Wasserkocher. Er ist beim Einschalten explodiert und ich habe Verbrennungen an der Hand.
K: Ich habe Fotos und den Arztbrief. Wer ist bei euch zuständig?

message injury
K: My son burnt his fingers on your camping stove, the valve leaked. I need to talk to somebody today.

message complaint
K: Also das war heute das letzte Mal. So unfreundlich bin ich noch nirgends bedient worden.

message complaint
K: Euer Kollege hat mir am Telefon einfach aufgelegt.

message complaint
K: Ich warte seit Montag auf eine Antwort. Wenn nichts kommt, bewerte ich euch öffentlich.

message complaint
K: This is the fourth time I'm writing. Is anybody actually reading these?

message question
K: Hallo! Habt ihr die Schuhe „Schneeberg" in 42 lagernd?

message question
K: Darf man Hunde ins Geschäft mitnehmen? 🐶

message question
K: Kann ich einen Gutschein online kaufen und in der Filiale einlösen?

message question
K: Hey, do you rent out snowshoes?

message question
K: Ist die Stirnlampe spritzwassergeschützt?

message question
K: Gibts für den Kocher „Funke" Ersatzdüsen?
K: Die mit der feinen Bohrung, meine ist verstopft.

message question
K: Could you put aside a pair of size 39 until tomorrow evening?

message question
K: Hallo, ich würd gern zwei Plätze beim Pilztag reservieren

message question
K: Sucht ihr noch Leute fürs Weihnachtsgeschäft? Ich hätte ab November Zeit.

message question
K: Passt der Deckel vom alten Topf auch auf den neuen?

message question
K: Kann man bei euch Schlafsäcke waschen lassen

message question
K: Which size should I take if I'm between 41 and 42?

message praise
K: Wollte nur sagen: Topf ist da, Topf ist toll. Danke! 😊

message praise
K: Vielen Dank für die schnelle Hilfe gestern, hat alles geklappt.

message praise
K: You people are lovely. That's all.

message chatter
K: Hallo

message chatter
K: Guten Morgen!
K: Ach, hat sich erledigt, hab's auf der Website gefunden.

message chatter
K: 👍

message chatter
K: Falscher Chat, sorry!

message spam
K: Guten Tag, wir bringen Ihre Website auf Platz 1 bei Google. Nur heute 99 €!

message spam
K: Dear admin, your page will be disabled, verify here http://verify-page.example/now

message data
K: Welche Daten habt ihr von mir gespeichert? Ich bitte um Auskunft.

message data
K: Bitte löscht mein Kundenkonto und alle Daten.

message stop
K: STOPP, bitte keine Nachrichten mehr.

message legal
K: Anbei die Frist: 14 Tage, danach übergebe ich die Sache meiner Rechtsschutzversicherung.

message press
K: Guten Tag, Redaktion einer Konsumentensendung hier. Wir bitten um Stellungnahme zum Wasserkocher bis 16 Uhr.

message dialect
K: Griaß eich, i brauchat an Rucksack fürn Buam, er is zwölfe. Wos hobts do?
K: So um die 80 Euro hob i ma vorgstellt

message dialect
K: Hoi zäme, liefered ihr au i d Schwiiz?

message dialect
K: Moin, habt ihr das Messer vom Pilztag noch da?

story praise
K: Wow, wo ist das Foto aufgenommen? 😍

story question
K: Gibt's den Becher aus der Story auch in Grün?

story chatter
K: 🔥🔥
"""

THANKS = (
    "Danke für die schnelle Antwort!",
    "Super, danke!",
    "Alles klar, dann warte ich auf eure Nachricht.",
    "Passt, danke euch 🙏",
    "Thanks, that helps.",
    "Gut zu wissen. Meine Bestellnummer ist GP-20455.",
    "Ok, and how long will that take?",
    "Vielen Dank, schönen Tag noch!",
    "Bassd, dank da schee!",
    "Hm, das hilft mir leider noch nicht weiter.",
    "Great, thank you so much!",
    "Ja, genau das meinte ich.",
)
"""What people answer to an answer."""
