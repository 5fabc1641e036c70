// The editor checks as one types, knows lines and indentation, and a running backtest tells how far it is.
(() => {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function follow(card) {
    const words = new Intl.NumberFormat(document.documentElement.lang);
    const bar = one("progress", card);
    const look = async () => {
      const reply = await fetch(card.dataset.address).catch(() => null);
      const far = reply?.ok ? await reply.json() : null;
      if (far && !far.running) { location.reload(); return; }
      if (far && far.total) {
        one("#done").textContent = words.format(far.done);
        one("#total").textContent = words.format(far.total);
        bar.max = far.total;
        bar.value = far.done;
      }
      setTimeout(look, 400);
    };
    look();
  }
  if (one("#progress")) follow(one("#progress"));

  const form = one("#editing");
  if (!form) return;
  const text = one("#text");
  const before = text.value;
  const label = one("#saved");
  const words = { unsaved: label.dataset.unsaved };
  let leaving = false;

  // Every mistake of this file at its line, in words.
  function mark() {
    const links = all("#judged .mistakes a[data-line]").filter((link) => link.dataset.file === form.elements.file.value);
    surface.mark(links.map((link) => ({ line: Number(link.dataset.line), message: link.parentElement.innerText.replace(link.innerText, "").trim() })));
  }

  // What a reader opened or closed stays so when the results come anew.
  function put(holder, html) {
    const opened = new Map(all("details[data-keep]", holder).filter((each) => each.dataset.touched).map((each) => [each.dataset.keep, each.open]));
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    all("details[data-keep]", fresh.content).forEach((each) => {
      if (opened.has(each.dataset.keep)) { each.open = opened.get(each.dataset.keep); each.dataset.touched = "yes"; }
    });
    holder.replaceChildren(fresh.content);
    holder.classList.remove("busy");
  }

  let asked = null;
  async function ask(address, holder, signal) {
    holder.classList.add("busy");
    const reply = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "HX-Request": "true" }, signal });
    if (reply.ok) put(holder, await reply.text());
    else holder.classList.remove("busy");
    return reply.ok;
  }
  async function judge() {
    asked?.abort();
    asked = new AbortController();
    try {
      if (await ask("/playbook/workshop/check", one("#results"), asked.signal)) mark();
      if (one("#sample").value.trim()) await ask("/playbook/workshop/try", one("#tried"), asked.signal);
    } catch (error) {
      if (error.name !== "AbortError") all("#results, #tried").forEach((each) => each.classList.remove("busy"));
    }
  }
  let timer = null;
  const later = () => { clearTimeout(timer); timer = setTimeout(judge, 450); };

  all("#sample, #try-kind, #try-channel").forEach((field) => field.addEventListener("input", later));
  form.addEventListener("submit", (event) => {
    const action = event.submitter?.getAttribute("formaction") || "";
    if (action.endsWith("/check") || action.endsWith("/try")) { event.preventDefault(); judge(); return; }
    leaving = true;
  });
  addEventListener("beforeunload", (event) => { if (!leaving && text.value !== before) event.preventDefault(); });

  document.addEventListener("toggle", (event) => { if (event.target.dataset?.keep) event.target.dataset.touched = "yes"; }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link || link.dataset.file !== form.elements.file.value) return;
    event.preventDefault();
    surface.jump(Number(link.dataset.line));
  });

  form.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(one("#save")); }
  });

  one(".gutter").remove();
  const holder = one("#editor");
  const surface = editor.open(text, holder, {
    ...JSON.parse(holder.dataset.editor),
    changed() {
      label.textContent = text.value === before ? "" : words.unsaved;
      later();
    },
  });
  mark();
  if (text.dataset.line) surface.jump(Number(text.dataset.line));
})();
