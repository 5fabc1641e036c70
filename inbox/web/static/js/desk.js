// Keys, menus, and what a swap leaves to be done. Every action here is also a link or a button on the page.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

  function rows() { return all(".conversation-row .who"); }

  function move(step) {
    const list = rows();
    if (!list.length) return;
    const here = list.findIndex((row) => row === document.activeElement);
    const open = list.findIndex((row) => row.getAttribute("aria-current"));
    const from = here >= 0 ? here : open;
    const next = list[Math.max(0, Math.min(list.length - 1, from + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    if (innerWidth >= 800 && one("#conversation-pane")) next.click();
  }

  function openMenu(key) {
    const wanted = one(`.conversation [data-key="${key}"]`);
    if (!wanted) return;
    if (wanted.matches("details")) {
      wanted.open = true;
      one("input:not([type=hidden]), .choices button", wanted)?.focus();
    } else {
      wanted.click();
    }
  }

  function answer(visibility) {
    const text = one("#reply-text");
    if (!text) return;
    if (visibility) {
      const way = one(`#composer input[data-visibility="${visibility}"]`);
      if (way) { way.checked = true; way.dispatchEvent(new Event("change", { bubbles: true })); }
    }
    text.focus();
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    r: () => answer(),
    p: () => answer("private"),
    i: () => answer("note"),
    a: () => openMenu("a"),
    l: () => openMenu("l"),
    s: () => openMenu("s"),
    e: () => one('.conversation [data-key="e"]')?.click(),
    y: () => one('.suggestion [data-key="y"]')?.click(),
    n: () => one('.suggestion [data-key="n"]')?.click(),
    "/": () => one("#search")?.focus(),
    "?": () => one("#help")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") {
      all("details.menu[open], details.filters[open]").forEach((menu) => { menu.open = false; one("summary", menu).focus(); });
      if (typing(event.target)) event.target.blur();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-do="help"]')) one("#help").showModal();
    all("details.menu[open], details.filters[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  // A whole page when there is only one pane: the browser's own way back then works as people expect.
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail.ctx?.sourceElement;
    if (source?.matches?.(".who") && innerWidth < 800) { event.preventDefault(); location.assign(source.href); }
  });

  function toTheEnd() {
    const thread = one("#thread");
    if (!thread) return;
    thread.scrollTop = thread.scrollHeight;
    // What a suggestion rests on is read before the suggestion.
    const suggestion = one(".suggestion", thread);
    const cause = suggestion && [...thread.querySelectorAll("article:has(mark)")].at(-1);
    if (cause) thread.scrollTop = Math.min(thread.scrollTop, cause.offsetTop - thread.offsetTop - 12);
  }

  let shown = one("[data-conversation]")?.dataset.conversation;
  document.addEventListener("htmx:after:swap", () => {
    const conversation = one("[data-conversation]");
    if (!conversation) return;
    if (conversation.dataset.title) document.title = conversation.dataset.title;
    all(".conversation-row").forEach((row) => {
      const current = row.id === `row-${conversation.dataset.conversation}`;
      row.classList.toggle("current", current);
      if (current) row.classList.remove("unread");
      const link = one(".who", row);
      if (current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    });
    shown = conversation.dataset.conversation;
    toTheEnd();
    document.dispatchEvent(new CustomEvent("zuruf:shown", { detail: shown }));
  });
  toTheEnd();
})();
