// The composer: counts by asking the server, fills in prepared texts, says who else is writing.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const later = (wait, act) => { let timer; return (...given) => { clearTimeout(timer); timer = setTimeout(() => act(...given), wait); }; };
  const post = (address, fields) => fetch(address, { method: "POST", body: new URLSearchParams(fields), headers: { "HX-Request": "true" } });
  // In the tab, so that neither loading anew nor a sign-in that has ended costs anybody their words.
  const draftKey = (form) => `draft ${document.body.dataset.person} ${new URL(form.action).pathname}`;
  const drafts = {
    get: (form) => JSON.parse(sessionStorage.getItem(draftKey(form)) ?? "null"),
    keep: (form, draft) => sessionStorage.setItem(draftKey(form), JSON.stringify(draft)),
    drop: (form) => sessionStorage.removeItem(draftKey(form)),
  };

  const composer = () => one("#composer");
  const csrf = () => one('#composer input[name="csrf"]').value;
  const way = () => one('#composer input[name="way"]:checked');

  const measure = later(250, async () => {
    const form = composer();
    if (!form) return;
    const text = one("#reply-text");
    const fields = { csrf: csrf(), text: text.value, way: way()?.value ?? "", language: text.lang, signature: form.signature?.checked ? "yes" : "" };
    const answer = await post(form.dataset.measure, fields).then((reply) => (reply.ok ? reply.json() : null)).catch(() => null);
    // Whoever writes faster than the server counts sees no number of older words.
    if (!answer || form !== composer() || fields.text !== one("#reply-text").value) return;
    const count = one("#count");
    const over = answer.left < 0 ? `${count.dataset.over.replace("{number}", -answer.left)} · ` : "";
    count.textContent = answer.limit && text.value ? `${over}${answer.length} / ${answer.limit}` : "";
    count.classList.toggle("over", answer.left < 0);
    one("#send").disabled = answer.left < 0;
    showHints(answer.hints ?? []);
  });

  function showHints(hints) {
    const place = one("#hints");
    place.replaceChildren(...hints.map((hint) => {
      const line = document.createElement("div");
      line.className = "message-box soon";
      const words = document.createElement("span");
      words.textContent = `„${hint.cold}“ → `;
      const warmer = document.createElement("button");
      warmer.type = "button";
      warmer.className = "plain";
      warmer.textContent = hint.warm;
      warmer.addEventListener("click", () => {
        const text = one("#reply-text");
        text.value = text.value.replace(hint.cold, hint.warm);
        text.focus();
        changed();
      });
      line.append(words, warmer);
      return line;
    }));
  }

  function nameButton() {
    const chosen = way();
    const send = one("#send");
    if (chosen && send) one("span", send).textContent = send.dataset[chosen.dataset.visibility] ?? "";
    const text = one("#reply-text");
    if (chosen && text) text.placeholder = chosen.value === "note" ? text.dataset.note : text.dataset.answer;
  }

  // -- prepared texts by /name

  // Fetched once a conversation and filtered here, so that Enter always takes what is shown.
  const texts = new Map();
  function textsOf(address) {
    if (!texts.has(address)) texts.set(address, fetch(address).then((reply) => (reply.ok ? reply.json() : [])).catch(() => []));
    return texts.get(address);
  }

  function fitting(all, words) {
    const wanted = words.toLowerCase();
    const byName = all.filter((text) => text.name.startsWith(wanted));
    return [...byName, ...all.filter((text) => !byName.includes(text) && `${text.name} ${text.text}`.toLowerCase().includes(wanted))].slice(0, 8);
  }

  async function offer() {
    const list = one("#canned");
    const all = await textsOf(composer().dataset.canned);
    const now = asked(one("#reply-text"));
    const found = now ? fitting(all, now[1]) : [];
    if (!found.length) { list.hidden = true; return; }
    const choices = document.createElement("div");
    choices.className = "choices";
    found.forEach((one, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "option");
      button.setAttribute("aria-selected", String(index === 0));
      button.dataset.text = one.text;
      button.dataset.id = one.id;
      const name = document.createElement("strong");
      name.textContent = `/${one.name}`;
      const words = document.createElement("span");
      words.textContent = one.text;
      button.append(name, words);
      choices.append(button);
    });
    list.replaceChildren(choices);
    list.hidden = false;
  }

  const asked = (text) => /(?:^|\s)\/([\w-]*)$/.exec(text.value.slice(0, text.selectionStart));

  function insert(button) {
    const text = one("#reply-text");
    const found = asked(text);
    const end = text.selectionStart;
    const start = found ? end - found[1].length - 1 : end;
    text.setRangeText(button.dataset.text ?? button.dataset.insert, start, end, "end");
    one("#canned").hidden = true;
    if (button.dataset.id) post(`/canned/${button.dataset.id}/used`, { csrf: csrf() });
    text.focus();
    changed();
  }

  document.addEventListener("keydown", (event) => {
    const list = one("#canned");
    if (!list || list.hidden || event.target.id !== "reply-text") return;
    const choices = [...list.querySelectorAll("button")];
    const now = choices.findIndex((button) => button.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = (now + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % choices.length;
      choices.forEach((button, index) => button.setAttribute("aria-selected", String(index === next)));
      choices[next].scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" || event.key === "Tab") {
      insert(choices[now]);
    } else if (event.key === "Escape") {
      list.hidden = true;
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#canned button, [data-insert]");
    if (button) insert(button);
  });

  // -- writing

  let told = 0;
  async function tell(writing) {
    const form = composer();
    if (!form) return;
    const reply = await post(form.dataset.presence, { csrf: csrf(), writing: writing ? "yes" : "" }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
    if (!reply || form !== composer()) return;
    one("#someone").hidden = !reply.writers;
    one("#someone span").textContent = reply.writers;
  }

  function keep(form, text) {
    if (text.value.trim()) drafts.keep(form, { text: text.value, way: way()?.value, visibility: way()?.dataset.visibility, reader: way()?.dataset.reader }); else drafts.drop(form);
  }

  // Who reads it is kept with the words: what was written to one person must not come back as an answer to everybody.
  // Where nothing is open any more that the same people read, it waits as a note.
  function restore() {
    const form = composer();
    const text = one("#reply-text");
    const kept = form && drafts.get(form);
    if (!kept || text.value) return;
    const offered = all('[name="way"]', form);
    const sameReaders = offered.filter((one) => one.dataset.visibility === kept.visibility && one.dataset.reader === kept.reader);
    const same = sameReaders.find((one) => one.value === kept.way) ?? sameReaders[0] ?? offered.find((one) => one.value === "note");
    text.value = kept.text;
    if (!same.checked) { same.checked = true; same.dispatchEvent(new Event("change", { bubbles: true })); }
    measure();
  }

  function changed() {
    const form = composer();
    const text = one("#reply-text");
    keep(form, text);
    measure();
    const found = asked(text);
    if (found) offer(); else one("#canned").hidden = true;
    if (Date.now() - told > 5000 && text.value) { told = Date.now(); tell(true); }
  }

  document.addEventListener("input", (event) => { if (event.target.id === "reply-text") changed(); });
  document.addEventListener("change", (event) => { const form = event.target.closest("#composer"); if (form) { nameButton(); keep(form, one("#reply-text")); measure(); } });
  document.addEventListener("htmx:after:request", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (source?.id === "composer" && event.detail.ctx.response?.status === 200) drafts.drop(source);
  });
  document.addEventListener("zuruf:shown", () => {
    restore();
    if (one("#reply-text")?.value) measure();
    tell(false);
  });
  document.addEventListener("submit", (event) => { if (event.target.matches('[action="/sign-out"]')) sessionStorage.clear(); });
  setInterval(() => { if (!document.hidden) tell(Boolean(one("#reply-text")?.value) && document.activeElement?.id === "reply-text"); }, 15000);
  restore();
  if (one("#reply-text")?.value) measure();
})();
