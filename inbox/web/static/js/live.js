// Follows what happens. Nothing moves under the reader: visible lines change in place, new ones announce themselves.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const get = (address) => fetch(address, { headers: { "HX-Request": "true" } }).then((reply) => (reply.ok ? reply : Promise.reject(reply)));
  const here = () => new URLSearchParams(location.search);
  const ids = () => all(".conversation-row").map((row) => row.id.slice(4));
  const current = () => one("[data-conversation]")?.dataset.conversation;

  function fragment(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return holder.content;
  }

  async function bringRows() {
    const query = here();
    query.set("ids", ids().join(","));
    if (current()) query.set("current", current());
    if (!one("#rows")) return;
    const focused = document.activeElement?.closest(".conversation-row")?.id;
    const fresh = fragment(await get(`/inbox/rows?${query}`).then((reply) => reply.text()));
    all(".conversation-row", fresh).forEach((row) => {
      const old = document.getElementById(row.id);
      if (old && old.outerHTML !== row.outerHTML) { old.replaceWith(row); htmx.process(row); }
    });
    if (focused) one(".who", document.getElementById(focused))?.focus({ preventScroll: true });
  }

  async function countArrivals() {
    const button = one("#arrivals");
    if (!button || here().get("cursor")) return;
    const query = here();
    query.set("known", ids().join(","));
    const number = Number(await get(`/inbox/new?${query}`).then((reply) => reply.text()));
    button.hidden = !number;
    if (number) {
      const words = number === 1 ? button.dataset.one : button.dataset.many.replace("{n}", number);
      if (button.textContent !== words) { button.textContent = words; one("#announce").textContent = words; }
    }
  }

  async function bringQueues() {
    const queue = document.body.dataset.queue;
    const fresh = fragment(await get(`/inbox/queues?${new URLSearchParams(queue ? { queue } : {})}`).then((reply) => reply.text()));
    const counts = one("#queues", fresh);
    if (counts && one("#queues").innerHTML !== counts.innerHTML) one("#queues").replaceWith(counts);
  }

  // Head and side follow what happens, except where somebody's hands are on them.
  function bringAround(parts) {
    ["#conversation-head", "#side"].forEach((selector) => {
      const old = one(selector);
      const fresh = one(selector, parts);
      const inUse = old.contains(document.activeElement) || one("details[open]", old);
      if (inUse || old.innerHTML === fresh.innerHTML) return;
      old.replaceChildren(...fresh.childNodes);
      htmx.process(old);
    });
  }

  // A way of answering may open or close meanwhile; a composer somebody is using stays as it is. Returns whether it still
  // says who reads the answer: in a thread of many that is whoever wrote last.
  function bringComposer(parts) {
    const old = one("#composer");
    const fresh = one("#composer", parts);
    const readers = (form) => all('[name="way"]', form).map((way) => `${way.value} ${way.dataset.reader}`).join();
    if (old.contains(document.activeElement) || one("#reply-text", old).value || one("#files-chosen li", old)) return readers(old) === readers(fresh);
    const offers = (form) => one(".ways", form).outerHTML + all(".composer-foot .chip", form).map((chip) => chip.textContent).join();
    if (offers(old) === offers(fresh)) return true;
    const chosen = one('[name="way"]:checked', old)?.value;
    const same = all('[name="way"]', fresh).find((way) => way.value === chosen && chosen !== "note");
    old.replaceWith(fresh);
    if (same) { same.checked = true; same.dispatchEvent(new Event("change", { bubbles: true })); }
    htmx.process(fresh);
    return true;
  }

  function replaceThread(thread, fresh, atEnd) {
    const known = new Set(all("[id]", thread).map((element) => element.id));
    const top = thread.scrollTop;
    thread.replaceChildren(...fresh.childNodes);
    thread.dataset.seen = thread.innerHTML;
    htmx.process(thread);
    thread.scrollTop = atEnd ? thread.scrollHeight : top;
    const arrived = all("article", thread).filter((article) => !known.has(article.id));
    if (arrived.some((article) => !article.matches(".ours"))) one("#announce").textContent = arrived.at(-1).innerText;
  }

  async function bringThread() {
    const thread = one("#thread");
    const writing = thread?.contains(document.activeElement) && document.activeElement.matches("textarea");
    if (!thread || writing || here().get("before")) return;
    const id = current();
    const reply = await get(`/conversations/${id}/thread${location.search}`);
    const html = await reply.text();
    if (id !== current()) return;
    const parts = fragment(html);
    bringAround(parts);
    const fresh = one("#thread", parts);
    if (all("textarea", thread).some((field) => field.value !== field.defaultValue)) return;
    const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
    if (fresh.innerHTML !== thread.dataset.seen) replaceThread(thread, fresh, atEnd);
    // Who sees the end of the thread has seen what is new; else the server refuses and says why.
    if (!atEnd || !bringComposer(parts)) return;
    one('#composer [name="seen_version"]').value = reply.headers.get("Zuruf-Version");
  }

  // The band turns under nobody's hands; only the crisis room itself is drawn anew, and not while somebody writes in it.
  async function bringCrisis() {
    const fresh = one("#state-of-things", fragment(await get("/crisis/state").then((reply) => reply.text())));
    one("#state-of-things").replaceWith(fresh);
    one("#topbar").classList.toggle("crisis-band", fresh.dataset.crisis === "yes");
    one("#announce").textContent = fresh.innerText;
    const written = all("#main input:not([type=hidden]), #main textarea").some((field) => field.value !== field.defaultValue);
    if (location.pathname === "/crisis" && !written) location.reload();
    if (current()) await bringThread();
  }

  let pending = new Set();
  let timer = null;
  function later() {
    if (timer) return;
    timer = setTimeout(async () => {
      const touched = pending;
      pending = new Set();
      timer = null;
      const shown = new Set(ids());
      const work = [bringQueues(), countArrivals()];
      if ([...touched].some((id) => shown.has(id))) work.push(bringRows());
      if (touched.has(current())) work.push(bringThread());
      await Promise.allSettled(work);
    }, 400);
  }

  function follow() {
    let last = document.body.dataset.lastEvent;
    if (!last) return;
    const source = new EventSource(`/live?after=${last}`);
    source.addEventListener("events", (event) => {
      last = event.lastEventId;
      JSON.parse(event.data).forEach((id) => pending.add(String(id)));
      later();
    });
    source.addEventListener("crisis", () => { bringCrisis().catch(() => {}); });
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  document.addEventListener("click", (event) => { if (event.target.id === "arrivals") location.reload(); });
  setInterval(() => { if (!document.hidden) bringRows().catch(() => {}); }, 30000);
  follow();
})();
