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
  const gutter = one(".gutter");
  const before = text.value;
  const label = one("#saved");
  const words = { unsaved: label.dataset.unsaved };
  let leaving = false;

  function number() {
    const lines = text.value.split("\n");
    const wanted = text.value.endsWith("\n") ? lines.length - 1 : lines.length;
    while (gutter.childElementCount > Math.max(wanted, 1)) gutter.lastElementChild.remove();
    while (gutter.childElementCount < wanted) {
      const line = document.createElement("span");
      line.id = `L${gutter.childElementCount + 1}`;
      line.textContent = gutter.childElementCount + 1;
      gutter.append(line);
    }
    text.rows = lines.length + 1;
    text.cols = Math.max(80, ...lines.map((line) => line.length));
  }

  function mark() {
    const wrong = new Set((one("#judged")?.dataset.lines || "").split(" ").filter(Boolean).map(Number));
    [...gutter.children].forEach((line, index) => line.classList.toggle("wrong", wrong.has(index + 1)));
  }

  function jump(line, focus = true) {
    const lines = text.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    all(".here", gutter).forEach((each) => each.classList.remove("here"));
    gutter.children[line - 1]?.classList.add("here");
    if (focus) { text.focus({ preventScroll: true }); text.setSelectionRange(start, start + (lines[line - 1] || "").length); }
    const editor = one("#editor");
    editor.scrollTop = Math.max(0, (gutter.children[line - 1]?.offsetTop ?? 0) - gutter.offsetTop - editor.clientHeight / 3);
    editor.scrollLeft = 0;
    if (focus) editor.scrollIntoView({ block: "nearest" });
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

  text.addEventListener("input", () => {
    number();
    label.textContent = text.value === before ? "" : words.unsaved;
    later();
  });
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
    jump(Number(link.dataset.line));
  });

  // insertText keeps the browser's own undo.
  const insert = (words) => document.execCommand("insertText", false, words);
  function indent(back) {
    const { selectionStart: start, selectionEnd: end, value } = text;
    const first = value.lastIndexOf("\n", start - 1) + 1;
    if (start === end && !back) { insert("  "); return; }
    const chosen = value.slice(first, end);
    const moved = chosen.split("\n").map((line) => (back ? line.replace(/^ {1,2}/, "") : `  ${line}`)).join("\n");
    text.setSelectionRange(first, end);
    if (moved !== chosen) insert(moved);
    if (start === end) text.setSelectionRange(Math.max(first, start - chosen.length + moved.length), Math.max(first, start - chosen.length + moved.length));
    else text.setSelectionRange(first, first + moved.length);
  }
  text.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(one("#save")); }
      return;
    }
    if (event.key === "Tab") { event.preventDefault(); indent(event.shiftKey); }
    if (event.key === "Enter") {
      const line = text.value.slice(text.value.lastIndexOf("\n", text.selectionStart - 1) + 1, text.selectionStart);
      const space = line.match(/^ */)[0];
      if (space) { event.preventDefault(); insert(`\n${space}`); }
    }
  });

  // Only the frame around scrolls, so that numbers and lines stay side by side.
  text.addEventListener("scroll", () => { text.scrollTop = 0; text.scrollLeft = 0; });

  number();
  mark();
  if (text.dataset.line) jump(Number(text.dataset.line));
})();
