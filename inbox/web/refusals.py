"""Refusals are written in English where they arise; here they get the words of the reader's language."""

from __future__ import annotations

from gettext import NullTranslations

from inbox.web.playbook_mistakes import said_mistake
from inbox.web.sentences import said

N_ = str
"""Marks a text for translation without translating it here."""

NOT_PASSED = N_("It does not pass")
"""Before the mistakes of a playbook, a line each."""

PATTERNS = (
    (
        r"The text is too long: (?P<length>\d+) of (?P<limit>\d+) as the platform counts\..*",
        N_("The text is too long: %(length)s of %(limit)s as the platform counts. Shorten it; it is never split."),
    ),
    (
        r"The platform asked us to stop writing for (?P<account>\S+)\. (?P<detail>.*)",
        N_("The platform asked us to stop writing for %(account)s. %(detail)s"),
    ),
    (
        r"Nobody signs in as (?P<who>.*)\. Add them with .*",
        N_("Nobody signs in as %(who)s. Add them in the settings, or assign a team."),
    ),
    (
        r"This reply is (?P<state>\w+); it cannot be cancelled any more\.",
        N_("This reply can no longer be withdrawn: it is %(state)s."),
    ),
    (
        r"(?P<email>\S+) is already a user\..*",
        N_("%(email)s is already a user. Change the role or the password instead."),
    ),
    (
        r"The password is too short: it needs at least (?P<least>\d+) characters\.",
        N_("The password is too short: it needs at least %(least)s characters."),
    ),
    (r"A label has 1 to (?P<most>\d+) characters\.", N_("A label has 1 to %(most)s characters.")),
    (r"A note has 1 to (?P<most>\d+) characters\.", N_("A note has 1 to %(most)s characters.")),
    (
        r"A prepared text has 1 to (?P<most>\d+) characters\.",
        N_("A prepared text has 1 to %(most)s characters."),
    ),
    (
        r"The variable (?P<name>\w+) is unknown\. Known are: (?P<known>.*)\.",
        N_("The variable %(name)s is unknown. Known are: %(known)s."),
    ),
    (
        r"(?P<email>\S+) is the last admin\..*",
        N_("%(email)s is the last admin. Make somebody else an admin first."),
    ),
    (
        r"A token named (?P<name>.*) exists already, or did\..*",
        N_("A token named %(name)s exists already, or did. Choose another name."),
    ),
    (r"This suggestion has been (?P<status>\w+) already\.", N_("This suggestion has been decided already.")),
    (r"(?P<channel>\w+) cannot hide messages\.", N_("%(channel)s cannot hide messages.")),
    (
        r"Version (?P<number>\d+) is (?P<state>\w+); only .*",
        N_("Version %(number)s has moved on meanwhile. Load the page again."),
    ),
    (
        r"Version (?P<number>\d+) has never been in force; publish it instead\.",
        N_("Version %(number)s has never been in force; publish it instead."),
    ),
    (r"Version (?P<number>\d+) is in force already\.", N_("Version %(number)s is in force already.")),
    (
        r"(?P<place>\S+) does not say (?P<points>\S+) points any more\. Load the page again\.",
        N_("%(place)s does not say %(points)s points any more. Load the page again."),
    ),
    (
        r"Level (?P<level>\d+) \((?P<title>.*)\) freezes automatic replies\.",
        N_("Level %(level)s (%(title)s) freezes automatic replies."),
    ),
    (
        r"Level (?P<level>\d+) \((?P<title>.*)\) has another wording for automatic replies\.",
        N_("Level %(level)s (%(title)s) has another wording for automatic replies."),
    ),
    (
        r"The hourly cap of (?P<cap>\d+) automatic replies is reached\.",
        N_("The hourly cap of %(cap)s automatic replies is reached."),
    ),
    (
        r"The template (?P<template>\S+) is too long for this channel: (?P<length>\d+) of (?P<limit>\d+)\.",
        N_("The template %(template)s is too long for this channel: %(length)s of %(limit)s."),
    ),
    (
        r"This kind of file is not taken\. Known are: (?P<kinds>.*)\.",
        N_("This kind of file is not taken. Known are: %(kinds)s."),
    ),
    (
        r"The file is too large: at most (?P<most>\d+) MB are taken\.",
        N_("The file is too large: at most %(most)s MB are taken."),
    ),
    (r"A description has at most (?P<most>\d+) characters\.", N_("A description has at most %(most)s characters.")),
    (
        r"The description of (?P<name>.*) has at most (?P<most>\d+) characters\.",
        N_("The description of %(name)s has at most %(most)s characters."),
    ),
    (
        r"There is no attachment (?P<number>\d+) of yours\. Upload it again\.",
        N_("An attachment is no longer there. Add it again."),
    ),
    (
        r"The attachment (?P<number>\d+) belongs to another reply\. Upload it again\.",
        N_("An attachment belongs to another reply already. Add it again."),
    ),
    (
        r"(?P<name>.*) is (?P<kind>\w+); the platform takes (?P<kinds>.*) here\.",
        N_("%(name)s is %(kind)s; the platform takes %(kinds)s here."),
    ),
    (
        r"(?P<name>.*) is too large: (?P<size>\S+) MB of (?P<largest>\d+) MB\.",
        N_("%(name)s is too large: %(size)s MB of %(largest)s MB."),
    ),
    (
        r"One message carries at most (?P<most>\d+) attachments here; these are (?P<number>\d+)\.",
        N_("One message carries at most %(most)s attachments here; these are %(number)s."),
    ),
    (r"Cancelled by (?P<who>.*)\.", N_("Withdrawn by %(who)s.")),
    (
        r"Not sent automatically: (?P<why>.*) Look at the thread, then answer or try again\.",
        N_("Not sent automatically: %(why)s Look at the thread, then answer or try again."),
    ),
    (r"Not sent automatically: (?P<why>.*)", N_("Not sent automatically: %(why)s")),
    (r"Waiting: (?P<why>.*) Looking again\.", N_("Waiting: %(why)s Looking again.")),
    (r"Waiting: (?P<why>.*)", N_("Waiting: %(why)s")),
    (
        r"It may have gone out: (?P<why>.*) Looking for it on the platform\.",
        N_("It may have gone out; it is being looked for on the platform. %(why)s"),
    ),
    (
        r"It may have gone out\. The platform cannot be asked: (?P<why>.*)",
        N_("It may have gone out. The platform cannot be asked: %(why)s"),
    ),
    (
        r"Not delivered: the answer of the platform was lost, and after (?P<looks>\d+) looks the reply is not on the "
        r"platform\. Send it again if it is still wanted\.",
        N_(
            "Not delivered: the answer of the platform was lost, and after %(looks)s looks the reply is not there. "
            "Send it again if it is still wanted."
        ),
    ),
    (
        r"Tried (?P<times>\d+) times, nothing went out\. Last error: (?P<why>.*)",
        N_("Tried %(times)s times, nothing went out. Last error: %(why)s"),
    ),
    (r"The platform cannot take it: (?P<why>.*)", N_("The platform cannot take it: %(why)s")),
    (
        r"The request to (?P<where>\S+) was sent and its answer is lost: (?P<why>.*)",
        N_("The answer to the request to %(where)s is lost: %(why)s"),
    ),
    (
        r"There is no line (?P<line>\S+) in the checklist of crisis (?P<number>\S+)\.",
        N_("There is no line %(line)s in the checklist of crisis %(number)s."),
    ),
    (
        r"There is no message (?P<message>\S+) in conversation (?P<number>\S+)\.",
        N_("There is no message %(message)s in conversation %(number)s."),
    ),
    (
        r"There is no account (?P<name>.+) in the configuration\.",
        N_("There is no account %(name)s in the configuration."),
    ),
    (r"There is no conversation (?P<number>\S+)\.", N_("There is no conversation %(number)s.")),
    (r"There is no contact (?P<number>\S+)\.", N_("There is no contact %(number)s.")),
    (r"There is no message (?P<number>\S+)\.", N_("There is no message %(number)s.")),
    (r"There is no suggestion (?P<number>\S+)\.", N_("There is no suggestion %(number)s.")),
    (r"There is no attachment at this address\.", N_("There is no attachment at this address.")),
    (r"There is no attachment (?P<number>\S+)\.", N_("There is no attachment %(number)s.")),
    (r"There is no crisis (?P<number>\S+)\.", N_("There is no crisis %(number)s.")),
    (r"There is no outbox item (?P<number>\S+)\.", N_("There is no outbox item %(number)s.")),
    (r"There is no playbook version (?P<number>\S+)\.", N_("There is no playbook version %(number)s.")),
    (r"There is no account (?P<name>.+)\.", N_("There is no account %(name)s.")),
    (r"There is no user (?P<name>.+)\.", N_("There is no user %(name)s.")),
    (r"There is no token (?P<name>.+)\.", N_("There is no token %(name)s.")),
    (r"There is no action (?P<name>.+)\.", N_("This page cannot do that: %(name)s.")),
    # Reasons of playbook versions that nobody wrote.
    (r"read from (?P<folder>.+)", N_("read from %(folder)s")),
    (r"back to version (?P<number>\d+)", N_("back to version %(number)s")),
    (
        r"The body is too large: at most (?P<most>\d+) bytes are taken here\.",
        N_("What was sent is too large: at most %(most)s bytes are taken here."),
    ),
)

SENTENCES = (
    N_("The conversation has changed since you opened it. Look at what is new, then send."),
    N_("This client_key was used for another text. Use a new one for a new reply."),
    N_("A reply needs a text."),
    N_("This client_key was used with other attachments. Use a new one for a new reply."),
    N_("The picture is damaged. Save it anew and try again."),
    N_("The same attachment is named twice."),
    N_("A note takes no attachments. Remove them, or choose who reads the answer."),
    N_("Answers of this kind carry text only: the platform takes no attachments here."),
    N_(
        "The platform fetches attachments from us, and [web] public_url is an address only this machine or network "
        "can reach. Set it to one that can be reached from outside."
    ),
    N_("The platform takes the text and the attachment as two messages. Send them one after the other."),
    N_("This way takes the attachment."),
    N_("This way takes it as a message of its own: first the text, then the attachment."),
    N_("Send the text without the attachment."),
    N_("An attachment is kept no longer. Upload it again and send a new reply."),
    N_("Not sent: the message it belongs to was not delivered. Try that one again; this one follows it."),
    N_("Answer publicly: everybody reads it."),
    N_("Send the one private reply to this comment."),
    N_("Write to the person privately."),
    N_("Answer publicly with a link that opens a private message to us."),
    N_("Ask the person publicly to write to us privately first."),
    N_("Answer in the platform's own app."),
    N_("A private conversation has no public answer."),
    N_("This channel has no such way of answering."),
    N_("Snoozing needs a time in the future."),
    N_("This reply is not waiting for approval."),
    N_("Two pairs of eyes: somebody else has to approve what you wrote."),
    N_("Two pairs of eyes: somebody else has to publish what you wrote."),
    N_("There is nothing to publish: the version in force says the same, word for word."),
    N_("Only who wrote a draft can discard it."),
    N_("Only who wrote a draft can ask for its review."),
    N_("Sending back needs a note: what should the author change?"),
    N_("Your draft was changed in another window meanwhile. Compare the two before you save."),
    N_("A playbook file is named with letters, digits and dashes, and ends in .yml."),
    N_("A playbook needs at least one file."),
    N_("Another backtest is running. Wait until it has ended, or stop it."),
    N_("The draft cannot be read yet. Mend its mistakes first."),
    N_("You have a draft already. Publish or discard it first."),
    N_("Choose at least one proposal."),
    N_("Your role does not allow this. Ask a manager or an admin of your team."),
    N_("It belongs to another sign-in or was open for too long. Load the page again and repeat."),
    N_("This form is no longer valid"),
    N_("Not found"),
    N_("That is not possible"),
    N_("Open."),
    N_(
        "The reply window is closed: the platform lets us write only for a limited time after the "
        "person's last message."
    ),
    N_("Only a person may answer now, under the platform's human-agent rule."),
    N_("This comment has had its one private reply. The person has to answer first."),
    N_("The comment is too old for a private reply; the platform allows seven days."),
    N_("The platform lets a program answer only where the author mentioned us in that very post."),
    N_("This person cannot be reached: they blocked us, left, or take no messages."),
    N_("The person has to write to us first."),
    N_("The message to be answered was deleted."),
    N_("The platform does not tell who wrote this."),
    N_("The platform does not allow it here."),
    N_("The reply window is closed. Answer publicly, or wait until the person writes again."),
    N_(
        "This comment has had its one private reply, perhaps from a colleague in the platform's app. "
        "Wait for the person's answer, or reply publicly."
    ),
    N_("The platform lets programs answer only where the author mentioned us. Answer in the platform's own app."),
    N_("This person cannot be reached privately: they blocked us, left, or take no messages. Reply publicly."),
    N_("The platform has the same text already. Change the words if it must be said again."),
    N_("The platform finds it too long. Shorten it."),
    N_("The message you answer is no longer there."),
    N_("The platform does not allow an answer to this message."),
    N_("Our account lacks the permission. See the account's page for what to do."),
    N_("The platform does not take this attachment. Send the text without it."),
    N_("The platform found the request invalid."),
    N_("A person has answered."),
    N_("Automation is switched off in the configuration."),
    N_("The message is history from before we were connected."),
    N_("The message is our own."),
    N_("The message was deleted."),
    N_("The message is too old for an automatic answer."),
    N_("This person asked for no messages."),
    N_("The message asks for no more messages."),
    N_("A person has answered in the last 24 hours."),
    N_("A person is answering."),
    N_("Replies in this conversation are held for approval."),
    N_("The platform asked us to stop writing."),
    N_("The account is paused."),
    N_("The account has to be reconnected."),
    N_("Automatic replies are held during the crisis."),
    N_("Replies are held for approval during the crisis."),
    N_("It is not known who wrote the message."),
    N_("This person had an automatic reply in the last 24 hours."),
    N_("Automatic replies are public only where the rule says reply: {public: …}."),
    N_("The platform does not allow automatic public replies."),
    N_("The channel has no such way of answering."),
    N_("Only a person may answer outside the window."),
    N_("The message it answers is gone."),
    N_("The person was erased."),
    N_("This account is not in the configuration."),
    N_("A profile cannot be linked to itself."),
    N_("This person was erased; there is nothing to link."),
    N_("The program ended while it was being sent."),
    N_("A conversation of this person is under legal hold. Lift the hold first."),
    N_("A reply to this person is just being sent. Try again in a minute."),
    N_("This address is not one of ours."),
    N_("This address is not one of ours. Perhaps it was typed or copied wrongly; start from the inbox."),
    N_("This address cannot be used in this way. Go back, load the page again and repeat."),
    N_("It has been written to the log. Go back and try again; if it happens again, tell your admin when it was."),
    N_("This address is not ours. Open the one of [web] public_url, or set it to the one you use."),
    N_("This address is not ours"),
    N_("That is too large"),
    N_("Something went wrong on our side"),
    N_("The current password is not right."),
    N_("Choose who reads the answer: everybody, or this person alone."),
    N_("A prepared text's name is one word of letters, digits, _ and -, such as /versand."),
    N_("Who would read this has changed since it was proposed. Look at the text and send it again."),
    N_(
        "The private way has closed since this was proposed; everybody would read these words. Dismiss the "
        "suggestion, or write what everybody may read."
    ),
    N_("Only somebody else's public message that still stands can be hidden."),
    N_("Two pairs of eyes: somebody else has to publish what you wrote."),
    N_("This crisis has been stood down. Declare a new one."),
    N_("The account was stopped before this left."),
    N_("A person has resolved the conversation."),
    N_("The message says something else now."),
    N_("The message to be answered has just been changed."),
    N_("A message of the thread cannot be read; it may be a person's answer."),
    N_("The thread has grown since the newest message the platform shows; that may be a person's answer."),
    N_("The platform counts more messages in the thread than it shows; one may be a person's answer."),
    N_("The platform's list of the thread lacks the message to be answered."),
)
"""Kept here only so that they are collected for translation."""


def translated(sentence: str, texts: NullTranslations) -> str:
    """The sentence in the reader's language; as it is where nobody has translated it."""
    known = said(sentence, PATTERNS, texts, lambda name, found: translated(found, texts) if name == "why" else found)
    if known is not None:
        return known
    opening, _, lines = sentence.partition(":\n")
    if opening == NOT_PASSED:
        return "\n".join([f"{texts.gettext(opening)}:", *(said_mistake(line, texts) for line in lines.split("\n"))])
    opening, platform, answer = sentence.partition(" (The platform: ")
    if platform:
        return texts.gettext(opening) + " (" + texts.gettext("The platform") + ": " + answer
    return texts.gettext(sentence) if sentence else ""
